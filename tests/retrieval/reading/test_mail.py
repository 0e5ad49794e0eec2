"""Mail: encodings that are not named, forwarded mails, stumps beside HTML, long subjects."""

import time

from retrieval.reading.chunks import build_passages
from retrieval.reading.documents import Rules, build_document
from retrieval.reading.formats import read_parts

HEAD = "From: a@x.example\nTo: b@x.example\nSubject: {}\nMIME-Version: 1.0\n"


def read(raw: bytes | str, subject: str = "News") -> list[tuple[str, str]]:
    mail = HEAD.format(subject).encode() + (raw if isinstance(raw, bytes) else raw.encode())
    (part,) = read_parts("a.eml", mail)
    return [(p.heading, p.text) for p in build_passages(build_document(part, "a.eml", Rules()))]


def alternative(plain: str, html: str) -> str:
    return (
        "Content-Type: multipart/alternative; boundary=X\n\n"
        f"--X\nContent-Type: text/plain; charset=utf-8\n\n{plain}\n"
        f"--X\nContent-Type: text/html; charset=utf-8\n\n{html}\n--X--\n"
    )


def test_an_encoding_that_is_not_named_or_wrong_is_found() -> None:
    said = "Die Prüfgebühr beträgt 25 € und wird erstattet."
    for head in ("", "; charset=us-ascii", "; charset=no-such-thing"):
        assert read(f"Content-Type: text/plain{head}\nContent-Transfer-Encoding: 8bit\n\n{said}".encode()) == [
            ("News", said)
        ]
    assert read(f"Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\n{said}".encode("cp1252")) == [
        ("News", said)
    ]


def test_forwarded_mail_and_every_text_part_is_read() -> None:
    mail = (
        "Content-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: text/plain\n\nRead the mail below.\n"
        f"--X\nContent-Type: message/rfc822\n\n{HEAD.format('Recall')}Content-Type: text/plain\n\n"
        "Clamps of batch K77 break.\n"
        "--X\nContent-Type: text/plain\n\nSend them to Aarhus.\n"
        '--X\nContent-Type: text/plain\nContent-Disposition: attachment; filename="log.txt"\n\nlog line\n--X--\n'
    )
    assert read(mail) == [
        ("News", "Read the mail below."),
        ("News › Recall", "Clamps of batch K77 break.\nSend them to Aarhus."),
    ]


def test_a_stump_beside_html_is_passed_over() -> None:
    stump = "This message is in HTML. Please use a mail reader that shows HTML."
    html = "<p>In winter the depot in Malmo opens at 9 and closes at 14.</p>"
    assert read(alternative(stump, html)) == [("News", "In winter the depot in Malmo opens at 9 and closes at 14.")]
    assert read(alternative("The depot opens at 9 today.", "<p>The depot opens at <b>9</b> today.</p>")) == [
        ("News", "The depot opens at 9 today.")
    ]


def test_a_subject_of_thousands_of_encoded_words_is_cut() -> None:
    started = time.process_time()
    said = read("\nText.", subject=" ".join(["=?utf-8?q?word?="] * 20_000))
    assert [text for _, text in said] == ["Text."]
    assert time.process_time() - started < 2


def test_a_mail_that_was_saved_in_utf_16_is_read() -> None:
    (part,) = read_parts("a.eml", f"{HEAD.format('Größe')}\nText.".encode("utf-16"))
    assert (part.title, part.text) == ("Größe", "Text.")
