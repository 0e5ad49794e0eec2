"""Decodes bytes into text: by their byte order mark, as UTF-8, or in the encoding that chardet finds.

Text that fits no encoding well is refused: wrong letters would be indexed and quoted. Knows nothing of formats.
"""

import codecs
import re

import chardet
from chardet import EncodingEra

from retrieval.reading.documents import RejectedError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# This many bytes tell the encoding. A whole export of megabytes tells no more.
_LOOKED_AT = 200_000
_MOST_ODD = 0.02
# Controls, replacements and private characters.
_ODD = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufffd\ue000-\uf8ff]")
_LINE_END = re.compile(r"\r\n?|\u2028|\u0085")


def decode_text(raw: bytes) -> str:
    """Return the text with plain line ends. Raise `RejectedError` if the bytes are no text."""
    text = _decode(raw)
    if len(_ODD.findall(text)) > _MOST_ODD * len(text):
        raise RejectedError("The file is binary, or in an encoding that is not known; save it as UTF-8.")
    return _LINE_END.sub("\n", text)


def _decode(raw: bytes) -> str:
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "") or _find_utf16(raw)
    if encoding:
        return _decode_as(raw, encoding)
    if b"\0" in raw:
        raise RejectedError("The file is binary, not text.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return _decode_as(raw, _guess(raw))


def _decode_as(raw: bytes, encoding: str) -> str:
    try:
        return raw.decode(encoding)
    except (UnicodeDecodeError, LookupError) as error:
        name = encoding.upper()
        raise RejectedError(f"The file is no text in {name}, which it looks like; save it as UTF-8.") from error


def _find_utf16(raw: bytes) -> str:
    """Return the name of UTF-16 without a mark: every second byte of European text in it is zero. "" if it is not."""
    sample = raw[:4_000]
    for start, name in ((1, "utf-16-le"), (0, "utf-16-be")):
        if (
            len(raw) % 2 == 0
            and len(sample) > 3
            and sample[start::2].count(0) > 0.4 * len(sample) > sample[1 - start :: 2].count(0) * 20
        ):
            return name
    return ""


def _guess(raw: bytes) -> str:
    """Return the likeliest of the encodings that today's files use, without those of DOS and of mainframes."""
    found = chardet.detect(_sample(raw), encoding_era=EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO)
    return str(found["encoding"] or "unknown")


def _sample(raw: bytes) -> bytes:
    """Return the lines that are not plain ASCII: only these distinguish encodings."""
    lines = [line for line in raw.split(b"\n") if not line.isascii()]
    return b"\n".join(lines)[:_LOOKED_AT]
