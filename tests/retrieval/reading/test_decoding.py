"""Text in the encodings of this world, and what is none."""

import pytest

from retrieval.reading.decoding import decode_text
from retrieval.reading.documents import RejectedError


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Die Gebühr für das Gerät beträgt 25 €.", "cp1252"),
        ("La pompe doit être nettoyée à l’eau tiède après chaque été.", "cp1252"),
        ("Uszczelka Łódź kosztuje 12 złotych.", "cp1250"),
        ("Прокладка стоит 12 рублей. Гарантия на насос пять лет.", "cp1251"),
        ("Прокладка стоит 12 рублей. Гарантия на насос пять лет.", "koi8-r"),
        ("Η εγγύηση της αντλίας είναι πέντε χρόνια.", "cp1253"),
        ("ポンプの保証は五年です。", "cp932"),
        ("型号的保修期为五年，请保留发票。", "gb18030"),
        ("The pump lasts ten years – at 20 °C.", "utf-16"),
        ("The pump lasts ten years.", "utf-16-le"),
        ("The pump lasts ten years.", "utf-16-be"),
        ("Größe", "utf-8-sig"),
        ("Größe", "utf-32"),
    ],
)
def test_text_is_read_in_its_own_encoding(text: str, encoding: str) -> None:
    assert decode_text(text.encode(encoding)) == text


def test_line_ends_are_plain() -> None:
    assert decode_text(b"a\r\nb\rc\n") == "a\nb\nc\n"


@pytest.mark.parametrize("raw", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(1, 32)) * 9, b"\xff\xfea"])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    with pytest.raises(RejectedError):
        decode_text(raw)
