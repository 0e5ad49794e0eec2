"""A history goes in as a file that a company has, and comes out as questions with answers in the database."""

import json
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from openpyxl import Workbook

from feedback.database import Database
from feedback.history import importing
from feedback.history.formats import open_file
from feedback.history.importing import ImportOrder, ImportReport, import_history
from feedback.history.imports import ImportedPair, NewPair, Use, count_proposals, list_imports, list_proposals
from feedback.history.message import Given, HistoryError, Reading
from feedback.history.roles import StaffHints

QUESTION = "How often must the filter be changed?"
ANSWER = "Change it every 6 months, or when the red light shows."
SECOND = ("Which filter fits the Moss 2?", "The F-20 fits; the F-10 does not.")

Import = Callable[..., ImportReport]


@pytest.fixture
def run(db: Database, tmp_path: Path) -> Import:
    def run(path: Path, **changes: object) -> ImportReport:
        order = ImportOrder(path, "U0ADMIN", Use.REVIEW)
        return import_history(db, tmp_path / "stage", replace(order, **changes))  # type: ignore[arg-type]

    return run


def pairs(db: Database) -> list[ImportedPair]:
    return list_proposals(db, limit=100)


def drawn(db: Database) -> list[tuple[str, str]]:
    return [(pair.question, pair.answer) for pair in pairs(db)]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


# Each of these writes one conversation, QUESTION and ANSWER, as a format has it.


def write_slack(folder: Path) -> Path:
    path = folder / "export.zip"
    users = [
        {"id": "U0STAFF01", "team_id": "T1", "real_name": "Tom Miller", "is_admin": True},
        {"id": "U0GUEST01", "team_id": "T1", "real_name": "Anna Smith", "is_restricted": True},
        {"id": "U0BOT0001", "team_id": "T1", "real_name": "Pager", "is_bot": True},
    ]
    root = {"type": "message", "ts": "1790000000.000100", "thread_ts": "1790000000.000100"}
    day = [
        {
            "type": "message",
            "subtype": "channel_join",
            "user": "U0GUEST01",
            "ts": "1789999999.000100",
            "text": "joined",
        },
        # The answer stands first: exports are sorted by hand, by scripts and by nobody.
        root | {"ts": "1790000060.000100", "user": "U0STAFF01", "text": f"Hi <@U0GUEST01>, {ANSWER}"},
        root | {"user": "U0GUEST01", "text": f"Hello all! {QUESTION}"},
        root | {"ts": "1790000061.000100", "user": "U0BOT0001", "text": "Ticket closed"},
        root | {"ts": "1790000090.000100", "user": "U0GUEST01", "text": "Perfect, thanks!"},
    ]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("users.json", json.dumps(users))
        archive.writestr("channels.json", "[]")
        archive.writestr("help/2026-09-21.json", json.dumps(day))
    return path


def write_csv(folder: Path) -> Path:
    # The answer stands first.
    rows = [f'7;Agent;"{ANSWER}";2026-03-02 10:05', f"7;Customer;{QUESTION};2026-03-02 10:00"]
    return write(folder / "chats.csv", "\n".join(["ticket_id;role;message;created_at", *rows]))


def write_jsonl(folder: Path) -> Path:
    row = {
        "conversation_id": "c1",
        "messages": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": ANSWER}],
    }
    return write(folder / "chats.jsonl", json.dumps(row) + "\n")


def write_zendesk(folder: Path) -> Path:
    comments = [
        {
            "id": 1,
            "author_id": 11,
            "plain_body": f"Hi,\n\n{QUESTION}\n\nThanks",
            "public": True,
            "created_at": "2026-03-02T10:00:00Z",
        },
        {
            "id": 2,
            "author_id": 22,
            "plain_body": "He is a difficult one",
            "public": False,
            "created_at": "2026-03-02T10:01:00Z",
        },
        {
            "id": 3,
            "author_id": 22,
            "html_body": f"<p>{ANSWER}</p>",
            "public": True,
            "created_at": "2026-03-02T10:02:00Z",
        },
    ]
    ticket = {"id": 5, "subject": "Filter", "requester_id": 11, "description": QUESTION, "comments": comments}
    people = [{"id": 11, "name": "Anna Smith", "role": "end-user"}, {"id": 22, "name": "Tom Miller", "role": "agent"}]
    ticket["description"] = comments[0]["plain_body"]
    return write(folder / "zendesk.json", json.dumps({"users": people, "tickets": [ticket], "count": 1}))


def write_intercom(folder: Path) -> Path:
    parts = [
        {
            "part_type": "note",
            "body": "<p>known issue</p>",
            "author": {"type": "admin", "id": "1", "name": "Tom"},
            "created_at": 1790000010,
        },
        {
            "part_type": "comment",
            "body": f"<p>{ANSWER}</p>",
            "author": {"type": "admin", "id": "1", "name": "Tom"},
            "created_at": 1790000020,
        },
        {"part_type": "close", "body": None, "author": {"type": "bot", "id": "9"}, "created_at": 1790000030},
    ]
    conversation = {
        "id": "99",
        "created_at": 1790000000,
        "source": {"body": f"<p>{QUESTION}</p>", "author": {"type": "user", "id": "u1", "name": "Anna"}},
        "conversation_parts": {"type": "conversation_part.list", "conversation_parts": parts},
    }
    return write(folder / "intercom.json", json.dumps({"type": "conversation.list", "conversations": [conversation]}))


def build_mail(
    sender: str, to: str, body: str, number: int, *, answers: int | None = None, html: bool = False
) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, "Re: Filter" if answers else "Filter"
    mail["Message-ID"], mail["Date"] = f"<m{number}@x>", f"Mon, 02 Mar 2026 10:{number:02}:00 +0000"
    if answers:
        mail["In-Reply-To"] = f"<m{answers}@x>"
    mail.set_content(body, subtype="html" if html else "plain")
    return mail


SIGNED = "Kind regards,\nTom Miller\nSupport Engineer\n+1 555 010 9999\n\n"
SIGNED += "This e-mail is confidential and intended solely for the addressee."
QUOTED = f"On Mon, 2 Mar 2026 at 10:01, Anna Smith <anna@home.example> wrote:\n> {QUESTION}\n> Anna"
ANNA, TOM, HELP = "Anna Smith <anna@home.example>", "Tom Miller <tom@acme.example>", "help@acme.example"
MAILS = (
    build_mail(ANNA, HELP, f"Dear support team,\n\n{QUESTION}\n\nBest,\nAnna", 1),
    build_mail(TOM, ANNA, f"Hi Anna,\n\n{ANSWER}\n\n{SIGNED}\n\n{QUOTED}\n", 2, answers=1),
    build_mail(ANNA, TOM, f"Thanks, that helped!\n\nOn Mon, Tom Miller wrote:\n> {ANSWER}", 3, answers=2),
)


def write_mbox(folder: Path) -> Path:
    # The answer lies before its question: mailboxes are merged and moved.
    blocks = [f"From x Mon Mar  2 10:00:00 2026\n{mail.as_string()}\n" for mail in reversed(MAILS)]
    return write(folder / "support.mbox", "".join(blocks))


def write_eml(folder: Path) -> Path:
    for number, mail in enumerate(MAILS):
        write(folder / "mails" / f"{number}.eml", mail.as_string())
    return folder / "mails"


def write_maildir(folder: Path) -> Path:
    for name in ("cur", "new", "tmp"):
        (folder / "Maildir" / name).mkdir(parents=True)
    for number, mail in enumerate(MAILS):
        write(folder / "Maildir" / ("new" if number else "cur") / f"17{number}.host:2,S", mail.as_string())
    return folder / "Maildir"


def write_vtt(folder: Path) -> Path:
    cues = (
        "00:01.000 --> 00:04.000\n<v Tom (Agent)>Hello, how can I help you?\n\n"
        f"00:05.000 --> 00:08.000\n<v Anna (Customer)>Um, {QUESTION[:18]}\n\n"
        "00:07.000 --> 00:07.500\n<v Tom (Agent)>Mhm.\n\n"
        f"00:08.000 --> 00:09.000\n<v Anna (Customer)>{QUESTION[18:].strip()}\n\n"
        f"00:10.000 --> 00:14.000\n<v Tom (Agent)>{ANSWER[:15]}\n\n"
        "00:11.000 --> 00:12.000\n<v Anna (Customer)>okay\n\n"
        f"00:14.000 --> 00:16.000\n<v Tom (Agent)>{ANSWER[15:].strip()}\n"
    )
    return write(folder / "call.vtt", f"WEBVTT\n\n{cues}")


def write_srt(folder: Path) -> Path:
    text = (
        f"1\n00:00:01,000 --> 00:00:04,000\nCaller: {QUESTION}\n\n2\n00:00:05,000 --> 00:00:09,000\nSupport: {ANSWER}\n"
    )
    return write(folder / "call.srt", text)


def write_labelled(folder: Path) -> Path:
    text = f"[00:00:01] Agent: Good morning, how can I help you?\n[00:00:04] Customer: {QUESTION}\n"
    text += f"[00:00:09] Agent: {ANSWER[:15]}\n{ANSWER[15:].strip()}\n"
    return write(folder / "call.txt", text)


def write_faq_csv(folder: Path) -> Path:
    return write(folder / "faq.csv", f'Question,Answer\n"{QUESTION}","{ANSWER}"\n')


def write_faq_xlsx(folder: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Answer", "Question"])
    sheet.append([ANSWER, QUESTION])
    book.save(folder / "faq.xlsx")
    return folder / "faq.xlsx"


def write_faq_markdown(folder: Path) -> Path:
    return write(folder / "faq.md", f"# FAQ\n\nWelcome.\n\n## {QUESTION}\n\n{ANSWER}\n\n## Contact\n\nWrite to us.\n")


def write_faq_table(folder: Path) -> Path:
    return write(folder / "faq.md", f"| Question | Answer |\n| --- | --- |\n| {QUESTION} | {ANSWER} |\n")


def write_faq_labels(folder: Path) -> Path:
    return write(folder / "faq.md", f"**Q:** {QUESTION}\n**A:** {ANSWER}\n")


FORMATS = [value for name, value in list(globals().items()) if name.startswith("write_")]


@pytest.mark.parametrize("write_format", FORMATS, ids=lambda one: one.__name__.removeprefix("write_"))
def test_a_question_and_its_answer_come_out_of_every_format(
    write_format: Callable[[Path], Path], db: Database, run: Import, tmp_path: Path
) -> None:
    report = run(write_format(tmp_path))
    found = [(question, " ".join(answer.split())) for question, answer in drawn(db)]
    assert found == [(QUESTION, ANSWER)]
    assert (report.new, report.unreadable) == (1, {})
    assert pairs(db)[0].audience == "customer"


@pytest.mark.parametrize("write_format", FORMATS, ids=lambda one: one.__name__.removeprefix("write_"))
def test_importing_the_same_again_adds_nothing(
    write_format: Callable[[Path], Path], db: Database, run: Import, tmp_path: Path
) -> None:
    path = write_format(tmp_path)
    first = run(path)
    again = run(path)
    assert (again.was_imported, again.import_id, again.new) == (True, first.import_id, 0)
    assert len(list_imports(db)) == len(pairs(db)) == 1


def test_the_same_answer_in_another_file_is_stored_once(db: Database, run: Import, tmp_path: Path) -> None:
    run(write_csv(tmp_path))
    report = run(write_jsonl(tmp_path))
    assert (report.pairs, report.new, len(drawn(db))) == (1, 0, 1)
    assert report.dropped == {"a question and answer that were imported before, or stand twice": 1}


def test_personal_data_is_masked_before_it_is_stored(db: Database, run: Import, tmp_path: Path) -> None:
    people = ["Anna Smith", "Tom Miller"]
    messages = [
        {"role": "customer", "author_name": people[0], "text": "My address is anna@home.example, where is my lamp?"},
        {"role": "agent", "author_name": people[1], "text": "Ask Tom Miller under +49 30 1234567, it waits for you."},
    ]
    run(write(tmp_path / "c.jsonl", json.dumps({"id": 1, "messages": messages})))
    (pair,) = pairs(db)
    stored = pair.question + pair.answer + pair.asker + pair.answerer
    assert not any(secret in stored for secret in ("anna@", "Tom", "Miller", "1234567", "Anna", "Smith"))


def test_a_file_that_cannot_be_read_is_named_and_the_rest_goes_on(db: Database, run: Import, tmp_path: Path) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    whole = write_slack(tmp_path).read_bytes()
    (folder / "cut.zip").write_bytes(whole[: len(whole) // 2])
    (folder / "photo.png").write_bytes(b"\x89PNG")
    write(folder / "empty.csv", "")
    write(folder / "prices.csv", "sku,price\n1,2\n")
    write_csv(folder)
    report = run(folder)
    assert drawn(db) == [(QUESTION, ANSWER)]
    assert set(report.unreadable) == {"cut.zip", "photo.png", "empty.csv", "prices.csv"}
    assert "incomplete" in report.unreadable["cut.zip"]
    assert "sku, price" in report.unreadable["prices.csv"]


def test_nothing_readable_is_an_error_that_names_the_file(run: Import, tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"photo\.png: Chip does not read \.png files"):
        run(write(tmp_path / "photo.png", "x"))
    assert list((tmp_path / "stage").iterdir()) == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_other_encodings_are_read(encoding: str, db: Database, run: Import, tmp_path: Path) -> None:
    question, answer = (
        "Wo finde ich die Größe für die Lampe?",
        "Die Größe steht auf der Rückseite, gleich über dem Netzstecker.",
    )
    rows = f'role,text\ncustomer,{question}\nagent,"{answer}"\n'
    report = run(write(tmp_path / "c.csv", rows, encoding))
    assert drawn(db) == [(question, answer)]
    assert any("not UTF-8" in note for note in report.notes) == (encoding == "cp1252")


def test_a_json_file_that_breaks_off_gives_what_stands_before(db: Database, run: Import, tmp_path: Path) -> None:
    text = write_zendesk(tmp_path).read_text()
    ticket = text[text.index('"tickets": [') + 12 : text.rindex("]")]
    cut = text[: text.rindex("]")] + f", {ticket[:80]}"
    report = run(write(tmp_path / "cut.json", cut))
    assert drawn(db) == [(QUESTION, ANSWER)]
    assert report.dropped["the rest of a JSON file that breaks off"] == 1


def test_mails_without_words_of_their_own_are_counted(run: Import, tmp_path: Path) -> None:
    photo = build_mail("anna@home.example", "help@acme.example", "", 5)
    away = build_mail("tom@acme.example", "anna@home.example", "I am away", 6)
    away["Auto-Submitted"] = "auto-replied"
    quoting = build_mail("tom@acme.example", "anna@home.example", "> only this", 7)
    blocks = [f"From x Mon Mar  2 10:00:00 2026\n{mail.as_string()}\n" for mail in (photo, away, quoting, *MAILS)]
    report = run(write(tmp_path / "m.mbox", "".join(blocks)))
    assert report.new == 1
    for reason in ("a mail without text", "written by a machine", "a mail that only quotes others"):
        assert any(dropped.startswith(reason) and count == 1 for dropped, count in report.dropped.items()), reason


def test_a_reply_between_what_it_quotes_is_read(db: Database, run: Import, tmp_path: Path) -> None:
    inline = f"On Mon, 2 Mar 2026, Anna Smith wrote:\n> {QUESTION}\n\n{ANSWER}\n\n> Anna\n"
    reply = build_mail("tom@acme.example", "anna@home.example", inline, 2, answers=1)
    blocks = [f"From x Mon Mar  2 10:00:00 2026\n{mail.as_string()}\n" for mail in (MAILS[0], reply)]
    run(write(tmp_path / "m.mbox", "".join(blocks)))
    assert drawn(db) == [(QUESTION, ANSWER)]


def test_a_reply_that_names_no_mail_joins_its_subject_between_the_same_people(
    db: Database, run: Import, tmp_path: Path
) -> None:
    reply = build_mail("tom@acme.example", "anna@home.example", ANSWER, 2)
    reply.replace_header("Subject", "AW: Filter")
    other = build_mail("zoe@far.example", "help@acme.example", "Is the filter made of paper or of cloth?", 1)
    other.replace_header("Message-ID", "<other@x>")
    blocks = [f"From x Mon Mar  2 10:00:00 2026\n{mail.as_string()}\n" for mail in (MAILS[0], other, reply)]
    report = run(write(tmp_path / "m.mbox", "".join(blocks)))
    assert drawn(db) == [(QUESTION, ANSWER)]
    assert report.dropped["a question that nobody answered"] == 1


def test_staff_is_who_was_named_as_staff(db: Database, run: Import, tmp_path: Path) -> None:
    # Without a hint the first to write asks, and a question is no answer.
    first = build_mail("Tom <tom@acme.example>", "anna@home.example", "Do you still need the lamp?", 1)
    second = build_mail("Anna <anna@home.example>", "tom@acme.example", "Where can I return the lamp to?", 2, answers=1)
    third = build_mail(
        "Tom <tom@acme.example>", "anna@home.example", "Bring it to our shop in Hill Street.", 3, answers=2
    )
    blocks = [f"From x Mon Mar  2 10:00:00 2026\n{mail.as_string()}\n" for mail in (first, second, third)]
    path = write(tmp_path / "m.mbox", "".join(blocks))
    run(path)
    assert drawn(db) == []
    report = run(path, staff=StaffHints.build(["acme.example"], []))
    assert drawn(db) == [("Where can I return the lamp to?", "Bring it to our shop in Hill Street.")]
    assert any("named as staff" in note for note in report.notes)


@pytest.mark.parametrize("build", [write_faq_csv, write_csv], ids=["faq", "roles"])
def test_who_is_known_by_a_role_alone_keeps_it_when_people_are_named_as_staff(
    db: Database, run: Import, tmp_path: Path, build: Callable[[Path], Path]
) -> None:
    run(build(tmp_path), staff=StaffHints.build(["acme.example"], ["Tom Miller"]))
    assert [(pair.question, pair.answer, pair.audience) for pair in pairs(db)] == [(QUESTION, ANSWER, "customer")]


def test_staff_is_guessed_from_who_answers_and_the_report_says_so(db: Database, run: Import, tmp_path: Path) -> None:
    mails = []
    for number in range(1, 9, 2):
        mails.append(
            build_mail(f"c{number}@home{number}.example", "help@acme.example", f"Is part {number} sold out?", number)
        )
        mails.append(
            build_mail(
                "tom@acme.example",
                f"c{number}@home{number}.example",
                f"Part {number} is here.",
                number + 1,
                answers=number,
            )
        )
    blocks = [f"From x Mon Mar  2 10:00:00 2026\n{mail.as_string()}\n" for mail in mails]
    report = run(write(tmp_path / "m.mbox", "".join(blocks)))
    assert len(drawn(db)) == 4
    assert any("acme.example" in note and "--staff-domain" in note for note in report.notes)


def test_the_export_of_another_workspace_is_named(db: Database, run: Import, tmp_path: Path) -> None:
    report = run(write_slack(tmp_path), teams=frozenset({"T9"}))
    assert any("another workspace (T1)" in note for note in report.notes)
    assert drawn(db) == [(QUESTION, ANSWER)]


def test_colleagues_answer_each_other_for_staff_alone(db: Database, run: Import, tmp_path: Path) -> None:
    rows = [
        {"channel": "c", "conversation_id": 1, "role": "agent", "author": "a", "text": QUESTION},
        {"channel": "c", "conversation_id": 1, "role": "agent", "author": "b", "text": ANSWER},
    ]
    run(write(tmp_path / "c.jsonl", "\n".join(json.dumps(row) for row in rows)))
    assert [(pair.question, pair.audience) for pair in pairs(db)] == [(QUESTION, "staff")]


def test_channels_without_threads_are_cut_where_nobody_wrote(db: Database, run: Import, tmp_path: Path) -> None:
    rows = ["author,role,time,text"]
    for hour, (question, answer) in enumerate(((QUESTION, ANSWER), SECOND), start=9):
        rows += [f'a,customer,2026-03-02 {hour:02}:00,"{question}"', f'b,agent,2026-03-02 {hour:02}:02,"{answer}"']
    report = run(write(tmp_path / "c.csv", "\n".join(rows)))
    assert report.conversations == 2
    assert drawn(db) == [(QUESTION, ANSWER), SECOND]


def test_a_zip_of_other_files_is_unpacked(db: Database, run: Import, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(write_mbox(tmp_path), "Takeout/Mail/support.mbox")
    run(tmp_path / "all.zip")
    assert drawn(db) == [(QUESTION, ANSWER)]
    assert not any((tmp_path / "stage").iterdir())


def test_an_import_that_was_cut_off_goes_on_where_it_was(
    db: Database, run: Import, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 10)
    rows = [
        json.dumps({"conversation_id": n, "question": f"Is part {n} sold?", "answer": f"Part {n} is here."})
        for n in range(50)
    ]
    path = write(tmp_path / "c.jsonl", "\n".join(rows))
    parsed: list[int] = []
    opened = open_file

    def open_and_die(path: Path, *, after: int) -> Reading:
        reading = opened(path)

        def read() -> Iterator[object]:
            for number, record in enumerate(reading.records):
                if number == after:
                    raise KeyboardInterrupt
                yield record

        def parse(record: object) -> Iterable[Given]:
            parsed.append(1)
            return reading.parse(record)

        return replace(reading, records=read(), parse=parse)

    monkeypatch.setattr(importing, "open_file", lambda path: open_and_die(path, after=35))
    with pytest.raises(KeyboardInterrupt):
        run(path)
    assert drawn(db) == []
    monkeypatch.setattr(importing, "open_file", lambda path: open_and_die(path, after=-1))
    report = run(path)
    assert (report.messages, report.new) == (100, 50)
    assert len(parsed) == 35 + 20  # the batch that was cut off is parsed again, those before it are not


def test_who_decides_sees_no_follow_up_that_makes_no_sense_alone(db: Database, run: Import, tmp_path: Path) -> None:
    turns = [("user", QUESTION), ("agent", ANSWER), ("user", "And how much is it?"), ("agent", "It costs 12 euros.")]
    messages = [{"role": role, "text": text} for role, text in turns]
    report = run(write(tmp_path / "c.jsonl", json.dumps({"messages": messages})))
    assert (report.new, report.follow_ups, count_proposals(db)) == (2, 1, 1)


def test_a_digest_is_that_of_the_words() -> None:
    pair = NewPair("How  long?", "A day.", "t", "a", "b", "customer", None)
    assert pair.digest == replace(pair, question="how long?", thread="u").digest != replace(pair, answer="B").digest
