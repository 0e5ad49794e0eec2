"""The story of an import: reads files, joins messages to conversations, draws pairs, masks and stores them.

What cannot be read is named, and the rest goes on. An interrupted import continues where it was. Memory does not grow
with the files. Knows nothing of who asked for it.
"""

import hashlib
import shutil
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path

from feedback.database import Database
from feedback.history import slack_export
from feedback.history.fields import side_of
from feedback.history.files import find_files, open_zip
from feedback.history.formats import open_file
from feedback.history.imports import NewPair, Use, end_import, find_import, record_import, record_pairs, remove_import
from feedback.history.message import HistoryError, Left, Message, Reading
from feedback.history.pairs import Pair, build_turns, draw_pairs
from feedback.history.roles import Roles, StaffHints, choose_roles, tell_askers
from feedback.history.stage import Stage, StagedFile
from feedback.privacy import Masker, group_names
from feedback.pseudonyms import pseudonym

BATCH = 1000
LARGEST_MEMBER = 8 * 2**30
STALE_SECONDS = 7 * 86_400
"""A stage that was not continued for a week is removed."""

NOT_ANSWERED_BY_STAFF = "a conversation that nobody of staff answered"

Tell = Callable[[str, int, int], None]
"""Gets the progress: the step, how much of it is done, and how much there is (0: unknown)."""


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What to import, by whom, for what use, and who is staff. `teams` are the workspaces that Chip serves."""

    path: Path
    by: str
    used_as: Use
    staff: StaffHints = field(default_factory=StaffHints)
    teams: frozenset[str] = frozenset()
    name: str = ""


@dataclass(slots=True)
class ImportReport:
    """The result of an import, in figures and sentences. `dropped` counts by reason, `places` has examples."""

    import_id: str = ""
    source: str = ""
    formats: dict[str, int] = field(default_factory=dict)
    messages: int = 0
    conversations: int = 0
    pairs: int = 0
    new: int = 0
    follow_ups: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    was_imported: bool = False


def import_history(db: Database, folder: Path, order: ImportOrder, tell: Tell = lambda *_: None) -> ImportReport:
    """Import a file or a folder. `folder` holds the stage meanwhile. Importing the same again adds nothing.

    Raises `HistoryError` if there is nothing that can be read.
    """
    if not order.path.exists():
        raise HistoryError(f"There is no file {order.path}.")
    tell("Looking at the files", 0, 0)
    _remove_stale(folder)
    digest = hash_content(order.path)
    report = ImportReport(source=order.name or order.path.name)
    known = find_import(db, digest)
    if known is not None and not order.staff:
        report.import_id, report.was_imported, report.pairs = known.id, True, known.pairs
        return report
    if known is not None:
        report.notes.append("It was imported before; its answers were drawn out again with staff as named now.")
        remove_import(db, known.id)
    stage = Stage(folder / f"{digest[:32]}.db")
    scratch = folder / digest[:32]
    try:
        _read_files(stage, order, scratch, report, tell)
        _refuse_nothing(stage, report)
        report.import_id = record_import(db, by=order.by, source=report.source, digest=digest, used_as=order.used_as)
        _draw(db, stage, order, report, tell)
    except BaseException as error:
        stage.delete() if isinstance(error, HistoryError) else stage.close()
        raise
    stage.delete()
    shutil.rmtree(scratch, ignore_errors=True)
    end_import(db, report.import_id, asdict(report))
    return report


def hash_content(path: Path) -> str:
    """Return the hash of a file, or of all files of a folder with their names."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(str(file.relative_to(path)).encode("utf-8", "surrogateescape") + b"\0")
            with file.open("rb") as opened:
                while piece := opened.read(1 << 20):
                    digest.update(piece)
    return digest.hexdigest()


def _remove_stale(folder: Path) -> None:
    """Remove what interrupted imports left and nobody continued: it holds people's words."""
    for path in folder.iterdir() if folder.is_dir() else ():
        if time.time() - path.stat().st_mtime > STALE_SECONDS:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _read_files(stage: Stage, order: ImportOrder, scratch: Path, report: ImportReport, tell: Tell) -> None:
    for path in _unpack(order.path, scratch, report):
        name = _name_file(path, order.path, scratch)
        known = stage.find_file(name)
        if known.is_done:
            continue
        try:
            reading = open_file(path)
        except (HistoryError, OSError, RecursionError) as error:
            stage.record(name, StagedFile(0, True, "", _describe(error)), ())
            continue
        _note_team(reading, order, name, report)
        report.notes += reading.notes
        _stage_file(stage, name, reading, known.records, tell)


def _unpack(path: Path, scratch: Path, report: ImportReport) -> Iterator[Path]:
    """Yield the files, and of a zip that is no Slack export its content."""
    for file in find_files(path):
        is_zip = file.suffix.casefold() == ".zip" and file.is_file()
        try:
            if is_zip and not slack_export.is_export(file):
                yield from find_files(_extract(file, scratch, report))
                continue
        except HistoryError:
            pass  # opening it again tells what is wrong
        yield file


def _extract(path: Path, scratch: Path, report: ImportReport) -> Path:
    target = scratch / hashlib.sha256(str(path).encode()).hexdigest()[:12]
    with open_zip(path) as archive:
        for member in archive.infolist():
            if member.is_dir() or (target / member.filename).is_file():
                continue
            try:
                if member.file_size > LARGEST_MEMBER:
                    raise HistoryError("It is too large")
                archive.extract(member, target)
            except (HistoryError, zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:
                report.unreadable[f"{path.name}/{member.filename}"] = _describe(error)
    target.mkdir(parents=True, exist_ok=True)
    return target


def _name_file(path: Path, top: Path, scratch: Path) -> str:
    if path.is_relative_to(scratch):
        return str(Path(*path.relative_to(scratch).parts[1:]))
    return path.name if path == top else str(path.relative_to(top))


def _describe(error: Exception) -> str:
    text = str(error) if isinstance(error, HistoryError) else getattr(error, "strerror", None) or type(error).__name__
    return text.rstrip(".") + "."


def _note_team(reading: Reading, order: ImportOrder, name: str, report: ImportReport) -> None:
    if reading.team and order.teams and reading.team not in order.teams:
        here = ", ".join(sorted(order.teams))
        report.notes.append(f"{name} is the export of another workspace ({reading.team}); Chip serves {here}.")


def _stage_file(stage: Stage, name: str, reading: Reading, skip: int, tell: Tell) -> None:
    """Parse a file's records in batches. Each batch is stored together with how far the file is read."""
    records = islice(reading.records, skip, None)
    done = skip
    problem = ""
    while True:
        given: list[Message | Left] = []
        count = 0
        try:
            for record in islice(records, BATCH):
                count += 1
                given += reading.parse(record)
        except (HistoryError, OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
            problem = f"It could be read up to record {done + count} only: {_describe(error)}"
        done += count
        is_done = count < BATCH or bool(problem)
        stage.record(name, StagedFile(done, is_done, reading.format, problem), given)
        tell(f"Reading {name}", done, 0)
        if is_done:
            return


def _refuse_nothing(stage: Stage, report: ImportReport) -> None:
    """Fill in the result for each file. Raises `HistoryError` if not one message could be read."""
    for name, file in stage.files().items():
        if file.problem:
            report.unreadable[name] = file.problem
        if file.format:
            report.formats[file.format] = report.formats.get(file.format, 0) + 1
    report.messages = stage.count()
    if not report.messages and not any(file.format for file in stage.files().values()):
        named = " ".join(f"{name}: {problem}" for name, problem in islice(report.unreadable.items(), 5))
        raise HistoryError(f"Nothing could be read. {named}".strip())


def _draw(db: Database, stage: Stage, order: ImportOrder, report: ImportReport, tell: Tell) -> None:
    """Draw pairs out of each conversation and store them."""
    tell("Putting conversations together", 0, 0)
    stage.join_threads()
    known = stage.knows_sides()
    roles = choose_roles(order.staff, [] if order.staff or known else stage.count_authors(), known=known)
    report.notes.append(roles.how)
    dropped, report.places = stage.dropped()
    batch: list[NewPair] = []
    read = 0
    for messages in stage.conversations():
        report.conversations += 1
        read += len(messages)
        batch += _draw_conversation(messages, roles, dropped)
        if len(batch) >= BATCH:
            _store(db, batch, report)
            tell("Drawing questions and answers out", read, report.messages)
            batch = []
    _store(db, batch, report)
    tell("Drawing questions and answers out", read, report.messages)
    if report.pairs > report.new:
        dropped["a question and answer that were imported before, or stand twice"] += report.pairs - report.new
    report.dropped = dict(dropped.most_common())


def _draw_conversation(messages: list[Message], roles: Roles, dropped: Counter[str]) -> list[NewPair]:
    told, is_customer = tell_askers(messages, roles)
    if not told:
        dropped[NOT_ANSWERED_BY_STAFF] += 1
        return []
    names = sorted({message.name for message in messages if message.name and not side_of(message.name)})
    subject = next((message.subject for message in messages if message.subject), "")
    masker = Masker(group_names(names))
    pairs = []
    for drawn in draw_pairs(build_turns(told), subject):
        if isinstance(drawn, Left):
            dropped[drawn.reason] += 1
        else:
            pairs.append(_build_new(drawn, messages[0].thread, masker, is_customer=is_customer))
    return pairs


def _build_new(pair: Pair, thread: str, masker: Masker, *, is_customer: bool) -> NewPair:
    question, answer, *context = masker.mask_all([pair.question, pair.answer, *pair.context])
    return NewPair(
        question=question,
        answer=answer,
        thread=thread,
        asker=pseudonym(pair.asker),
        answerer=pseudonym(pair.answerer),
        audience="customer" if is_customer else "staff",
        at=pair.at,
        context=tuple(context) if pair.follows else (),
        follows=pair.follows,
    )


def _store(db: Database, batch: Iterable[NewPair], report: ImportReport) -> None:
    pairs = list(batch)
    report.pairs += len(pairs)
    report.follow_ups += sum(pair.follows for pair in pairs)
    report.new += record_pairs(db, report.import_id, pairs)
