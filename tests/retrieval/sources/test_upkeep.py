"""Sources kept up to date: folders, Git checkouts and pinned messages, added, changed, cut short, gone and removed."""

import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope
from retrieval.reading.documents import Unreadable
from retrieval.sources.canvases import Canvas
from retrieval.sources.errors import SourceError
from retrieval.sources.pins import Pin
from retrieval.sources.registry import Source, SourceKind, guess_kind, suggest_name
from retrieval.upkeep import Upkeep
from tests.retrieval.sources.conftest import Clock
from tests.retrieval.words import WordEmbedder


def add(upkeep: Upkeep, kind: SourceKind, location: object, audience: str = "customer", every: float = 24.0) -> Source:
    source = Source("docs", kind, str(location), Audience(audience), every)
    upkeep.add(source)
    return source


def counts(upkeep: Upkeep) -> tuple[int, int, int, int]:
    report = upkeep.sync("docs").report
    assert report is not None
    return report.added, report.changed, report.removed, report.unchanged


def held(knowledge: Knowledge, scope: Scope = CUSTOMER_SCOPE) -> list[str]:
    """Everything that a search can show to these readers: there are fewer passages than it looks at."""
    return sorted(hit.passage.text for hit in knowledge.search("What does the Moss do?", scope, 20))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "manuals"
    (folder / "sub").mkdir(parents=True)
    (folder / "moss.md").write_text("The Moss mows lawns.\n")
    (folder / "sub" / "heron.txt").write_text("The Heron cleans pools.\n")
    return folder


def test_an_added_folder_is_read_with_its_audience_beside_the_configured_one(
    upkeep: Upkeep, knowledge: Knowledge, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "moss.md").write_text("---\naudience: customer\n---\nThe Moss is green.\n")
    knowledge.ingest(tmp_path / "own")
    add(upkeep, SourceKind.FOLDER, folder)
    assert counts(upkeep) == (2, 0, 0, 0)
    assert held(knowledge) == ["The Heron cleans pools.", "The Moss is green.", "The Moss mows lawns."]
    knowledge.ingest(tmp_path / "own")
    assert knowledge.holdings.count().documents == 3


def test_a_sync_reads_only_what_changed_and_drops_what_vanished(
    upkeep: Upkeep, knowledge: Knowledge, folder: Path
) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    counts(upkeep)
    (folder / "moss.md").write_text("The Moss mows meadows.\n")
    (folder / "sub" / "heron.txt").unlink()
    (folder / "new.md").write_text("The Finch waters plants.\n")
    assert counts(upkeep) == (1, 1, 1, 0)
    assert counts(upkeep) == (0, 0, 0, 2)
    assert held(knowledge) == ["The Finch waters plants.", "The Moss mows meadows."]
    assert knowledge.holdings.find_problems() == []


def test_a_source_that_is_removed_leaves_nothing(upkeep: Upkeep, knowledge: Knowledge, folder: Path) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    counts(upkeep)
    assert upkeep.remove("docs") == 2
    assert upkeep.sources() == []
    assert held(knowledge) == []
    assert knowledge.holdings.find_problems() == [
        "No document is indexed. Run `chip ingest` on the folder of documents."
    ]


def test_what_is_cut_short_shows_whole_documents_and_goes_on_next_time(
    upkeep: Upkeep, knowledge: Knowledge, folder: Path
) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    (folder / "bad.pdf").write_bytes(b"broken")

    def press_control_c(_done: int, name: str) -> None:
        if name.endswith("moss.md"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        upkeep.sync("docs", press_control_c)
    assert held(knowledge) == ["The Moss mows lawns."]
    assert [source.name for source in upkeep.due()] == ["docs"]
    assert counts(upkeep) == (1, 0, 0, 1)
    assert knowledge.holdings.find_problems() == []


def test_the_schedule_stops_between_two_documents_when_chip_ends(
    upkeep: Upkeep, knowledge: Knowledge, folder: Path
) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    upkeep.sync_due(lambda: True)
    assert knowledge.holdings.count().documents == 1
    upkeep.sync_due(lambda: False)
    assert knowledge.holdings.count().documents == 2


def test_a_source_that_disappears_keeps_what_is_indexed_and_says_so(
    upkeep: Upkeep, knowledge: Knowledge, folder: Path
) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    counts(upkeep)
    folder.rename(folder.with_name("elsewhere"))
    outcome = upkeep.sync("docs")
    assert outcome.report is None
    assert "There is no folder" in outcome.reason
    folder.mkdir()
    outcome = upkeep.sync("docs")
    assert outcome.report is None
    assert "no document any more" in outcome.reason
    assert "no document any more" in knowledge.holdings.list_syncs()["docs"].problem
    assert len(held(knowledge)) == 2


def test_the_schedule_tells_once_that_a_source_fails_and_once_that_it_works_again(
    upkeep: Upkeep, folder: Path, clock: Clock
) -> None:
    told: list[str] = []

    def look() -> None:
        upkeep.sync_due(lambda: False, lambda outcome: told.append(outcome.reason))
        clock.wait(7)

    add(upkeep, SourceKind.FOLDER, folder, every=6)
    look()
    away = folder.rename(folder.with_name("elsewhere"))
    look()
    look()
    assert [bool(reason) for reason in told] == [True]
    assert "There is no folder" in told[0]
    away.rename(folder)
    look()
    look()
    assert told[1:] == [""]


def test_a_source_is_due_when_its_time_has_come_or_the_index_was_lost(
    upkeep: Upkeep, folder: Path, clock: Clock
) -> None:
    add(upkeep, SourceKind.FOLDER, folder, every=6)
    assert len(upkeep.due()) == 1
    upkeep.sync_due(lambda: False)
    assert upkeep.due() == []
    clock.wait(5.9)
    assert upkeep.due() == []
    clock.wait(0.2)
    assert len(upkeep.due()) == 1


def test_an_index_that_was_lost_is_filled_from_the_sources(
    upkeep: Upkeep, knowledge: Knowledge, folder: Path, tmp_path: Path
) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    upkeep.sync_due(lambda: False)
    knowledge.close()
    (tmp_path / "var" / "index" / "catalogue.sqlite3").write_bytes(b"garbage" * 1_000)
    (tmp_path / "var" / "index" / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1_000)
    mended = Knowledge(tmp_path / "var" / "index", WordEmbedder())
    again = Upkeep(upkeep.folder, mended, upkeep.reach, upkeep.clock)
    assert any("read again" in sentence for sentence in mended.holdings.find_problems())
    again.sync_due(lambda: False)
    assert len(held(mended)) == 2
    mended.close()


def test_symlinks_lead_nowhere(upkeep: Upkeep, knowledge: Knowledge, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.md").write_text("The secret is 42.\n")
    (folder / "secret.md").symlink_to(tmp_path / "secret.md")
    (folder / "loop").symlink_to(folder)
    (folder / "round.md").symlink_to(folder / "round.md")
    add(upkeep, SourceKind.FOLDER, folder)
    assert counts(upkeep) == (2, 0, 0, 0)
    assert held(knowledge) == ["The Heron cleans pools.", "The Moss mows lawns."]


def git(folder: Path, *arguments: str, day: str = "2026-03-01") -> None:
    moment = f"{day}T12:00:00+00:00"
    environment = os.environ | {
        "GIT_AUTHOR_DATE": moment,
        "GIT_COMMITTER_DATE": moment,
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }
    identity = ("-c", "user.name=A", "-c", "user.email=a@x.example", "-c", "init.defaultBranch=main")
    subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, check=True, capture_output=True)


@pytest.fixture
def checkout(folder: Path) -> Path:
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "first")
    (folder / "untracked.md").write_text("A draft about margins.\n")
    return folder


def test_a_checkout_is_read_as_it_is_tracked_with_the_day_of_each_file(
    upkeep: Upkeep, knowledge: Knowledge, checkout: Path
) -> None:
    add(upkeep, SourceKind.GIT, checkout)
    assert counts(upkeep) == (2, 0, 0, 0)
    assert knowledge.search("Moss", CUSTOMER_SCOPE, 1)[0].passage.updated == date(2026, 3, 1)
    assert held(knowledge, STAFF_SCOPE) == ["The Heron cleans pools.", "The Moss mows lawns."]


def test_a_repository_is_cloned_and_brought_up_to_date(upkeep: Upkeep, knowledge: Knowledge, checkout: Path) -> None:
    add(upkeep, SourceKind.GIT, f"file://{checkout}")
    assert counts(upkeep) == (2, 0, 0, 0)
    (checkout / "moss.md").write_text("The Moss mows meadows.\n")
    git(checkout, "rm", "sub/heron.txt")
    git(checkout, "commit", "-am", "second", day="2026-04-01")
    assert counts(upkeep) == (0, 1, 1, 0)
    (hit,) = knowledge.search("Moss meadows", CUSTOMER_SCOPE, 5)
    assert (hit.passage.text, hit.passage.updated) == ("The Moss mows meadows.", date(2026, 4, 1))


def test_a_repository_that_vanishes_keeps_what_is_indexed(upkeep: Upkeep, knowledge: Knowledge, checkout: Path) -> None:
    add(upkeep, SourceKind.GIT, f"file://{checkout}")
    counts(upkeep)
    checkout.rename(checkout.with_name("gone"))
    outcome = upkeep.sync("docs")
    assert "git could not read it" in outcome.reason
    assert len(held(knowledge)) == 2


def test_a_checkout_runs_no_program_that_its_own_settings_name(upkeep: Upkeep, checkout: Path, tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $@" >> {tmp_path}/ran\n')
    program.chmod(0o755)
    (checkout / ".git" / "hooks").mkdir(exist_ok=True)
    for hook in ("post-index-change", "pre-auto-gc", "reference-transaction"):
        (checkout / ".git" / "hooks" / hook).symlink_to(program)
    commit = subprocess.run(["git", "cat-file", "commit", "HEAD"], cwd=checkout, check=True, capture_output=True).stdout
    head, _, message = commit.partition(b"\n\n")
    signature = b"gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----"
    signed = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        input=head + b"\n" + signature + b"\n\n" + message,
        cwd=checkout,
        check=True,
        capture_output=True,
    ).stdout.decode()
    git(checkout, "update-ref", "HEAD", signed.strip())
    for name, value in (
        ("gpg.program", program),
        ("log.showSignature", "true"),
        ("core.alternateRefsCommand", program),
        ("core.fsmonitor", program),
    ):
        git(checkout, "config", name, str(value))
    (tmp_path / "ran").unlink(missing_ok=True)
    add(upkeep, SourceKind.GIT, checkout)
    assert counts(upkeep) == (2, 0, 0, 0)
    assert not (tmp_path / "ran").exists()
    git(checkout, "log")
    assert (tmp_path / "ran").exists()  # as git runs it by itself


def test_a_location_that_would_run_a_command_is_refused(upkeep: Upkeep, tmp_path: Path) -> None:
    add(upkeep, SourceKind.GIT, f"ext::touch {tmp_path}/ran")
    assert "git could not read it" in upkeep.sync("docs").reason
    assert not (tmp_path / "ran").exists()


def test_pinned_messages_are_read_for_the_sources_audience_only(
    upkeep: Upkeep, knowledge: Knowledge, pins: list[Pin]
) -> None:
    url = "https://acme.slack.example/archives/C1/p1"
    pins.append(Pin("1.1", "---\naudience: public\n---\nThe margin is 30 percent.", date(2026, 3, 1), url))
    pins.append(Pin("1.2", "🙂", date(2026, 3, 2), None))
    add(upkeep, SourceKind.SLACK, "#sales", audience="staff")
    report = upkeep.sync("docs").report
    assert report is not None
    assert [problem.path for problem in report.unreadable] == ["docs:1.2"]
    assert held(knowledge) == []
    (hit,) = knowledge.search("margin", STAFF_SCOPE, 5)
    assert (hit.passage.title, hit.passage.url) == ("Pinned in #sales", url)
    del pins[0]
    pins[0] = Pin("1.2", "The margin is secret.", date(2026, 3, 2), None)
    assert counts(upkeep) == (1, 0, 1, 0)


def test_canvases_are_read_for_the_sources_audience_with_their_title_day_and_address(
    upkeep: Upkeep, knowledge: Knowledge, canvases: list[Canvas | Unreadable]
) -> None:
    url = "https://acme.slack.example/docs/T1/F1"
    page = b"<h1>Terms</h1><p>The margin is 30 percent.</p><script>steal()</script><ul><li>Ask Sam.</li></ul>"
    canvases.append(Canvas("F1", "Sales terms", page, date(2026, 3, 1), url))
    canvases.append(Canvas("F2", "", b"<p>The channel is for <b>sales</b>.</p>", None, None))
    canvases.append(Canvas("F3", "Blank", b"<p> </p>", None, None))
    add(upkeep, SourceKind.SLACK, "#sales", audience="staff")
    report = upkeep.sync("docs").report
    assert report is not None
    assert (report.added, [problem.path for problem in report.unreadable]) == (2, ["docs:F3"])
    assert held(knowledge) == []
    (hit,) = (h for h in knowledge.search("margin", STAFF_SCOPE, 5) if "margin" in h.passage.text)
    assert (hit.passage.title, hit.passage.url, hit.passage.updated) == ("Sales terms", url, date(2026, 3, 1))
    assert "steal" not in hit.passage.text
    assert {h.passage.title for h in knowledge.search("sales", STAFF_SCOPE, 5)} == {"Sales terms", "Canvas of #sales"}
    del canvases[2]
    canvases[1] = Unreadable("F2", "The canvas is not shown: Slack answers 500.", is_kept=True)
    assert counts(upkeep) == (0, 0, 0, 2)
    del canvases[1]
    assert counts(upkeep) == (0, 0, 1, 1)


@pytest.mark.parametrize("name", ["folder", "verified", "Docs", "a b", "", "../up"])
def test_a_name_that_cannot_be_used_is_refused(upkeep: Upkeep, name: str, folder: Path) -> None:
    with pytest.raises(SourceError, match="cannot be a name"):
        upkeep.add(Source(name, SourceKind.FOLDER, str(folder), Audience.STAFF, 24))


def test_a_source_is_added_once(upkeep: Upkeep, folder: Path) -> None:
    add(upkeep, SourceKind.FOLDER, folder)
    with pytest.raises(SourceError, match="already"):
        add(upkeep, SourceKind.FOLDER, "/elsewhere")
    with pytest.raises(SourceError, match="is the source docs already"):
        upkeep.add(Source("other", SourceKind.FOLDER, str(folder), Audience.STAFF, 24))


def test_a_damaged_list_of_sources_is_one_sentence(upkeep: Upkeep) -> None:
    upkeep.list_path.write_text("{")
    with pytest.raises(SourceError, match="damaged"):
        upkeep.sources()


@pytest.mark.parametrize(
    ("location", "kind", "name"),
    [
        ("https://help.acme.example/en/", SourceKind.WEBSITE, "help-acme-example"),
        ("https://git.acme.example/docs.git", SourceKind.GIT, "docs"),
        ("git@github.com:acme/docs.git", SourceKind.GIT, "docs"),
        ("#support-faq", SourceKind.SLACK, "support-faq"),
        ("C0123ABCDE", SourceKind.SLACK, "c0123abcde"),
    ],
)
def test_a_location_says_what_it_is(location: str, kind: SourceKind, name: str) -> None:
    assert (guess_kind(location), suggest_name(location)) == (kind, name)
