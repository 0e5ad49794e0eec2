"""Replies, votes and corrections as serving leaves them in the database, for the tests of retraining."""

from feedback.corrections import record_correction
from feedback.database import Database
from feedback.replies import Reply, SentMessage, SourceLine, record_reply
from feedback.votes import record_button
from retrain.examples import Prompt
from retrieval.draft import Draft, build_draft
from retrieval.passage import CUSTOMER_SCOPE, Audience, Evidence, EvidenceLine, Match, Turn
from retrieval.prompt import build_messages
from retrieval.retrieved import Retrieved

LINES = (
    ("Heron 1 › Battery", "The battery of the Heron 1 lasts 42 minutes."),
    ("Heron 1 › Battery", "Charging takes 90 minutes."),
    ("Moss 2 › Area", "The Moss 2 mows up to 600 square metres."),
)


def build_evidence(lines: tuple[tuple[str, str], ...] = LINES) -> Evidence:
    numbered = enumerate(lines, start=1)
    return Evidence(
        tuple(EvidenceLine(number, text, heading, f"P{number}") for number, (heading, text) in numbered), Match.STRONG
    )


def build_passages(passages: tuple[tuple[str, str], ...]) -> Evidence:
    """Return whole passages, as a base that reads gets them."""
    lines = build_evidence(passages).lines
    return Evidence(lines, Match.STRONG if lines else Match.WEAK, is_whole=True)


def build_prompt(question: str, evidence: Evidence | None = None, thread: tuple[Turn, ...] = ()) -> Prompt:
    return build_messages(question, evidence or build_evidence(), company="Larkspur", thread=thread)


def prepare(question: str, audience: Audience = Audience.CUSTOMER) -> Draft:  # noqa: ARG001
    """Return the draft of a question over the usual evidence."""
    retrieved = Retrieved(question, (), build_evidence(), 0.0, question)
    return build_draft(retrieved, "Larkspur", question, CUSTOMER_SCOPE)


def add_reply(
    db: Database,
    reply_id: str,
    question: str,
    answer: str = "[2] Charging takes 90 minutes.",
    *,
    audience: str = "customer",
    asker: str = "U1",
    refused: bool = False,
    shown: str | None = None,
    thread: tuple[Turn, ...] = (),
    evidence: Evidence | None = None,
    adapter_id: str | None = None,
) -> None:
    evidence = evidence or build_evidence()
    messages = build_prompt(question, evidence, thread)
    record_reply(
        db,
        Reply(
            id=reply_id,
            team="T1",
            channel="C1",
            thread_ts=f"{reply_id}.1",
            question_ts=f"{reply_id}.1",
            asker=asker,
            audience=audience,
            question=question,
            query=question,
            answer=answer,
            shown=answer.replace("[2] ", "") if shown is None else shown,
            prompt="",
            messages=tuple(SentMessage(message.role, message.content) for message in messages),
            evidence=tuple(SourceLine(row.number, row.text, row.heading, row.passage_id) for row in evidence.lines),
            match=evidence.match,
            base_id="tiny",
            adapter_id=adapter_id,
            finish="stop",
            refused=refused,
            prompt_tokens=9,
            completion_tokens=9,
            first_text_ms=1,
            total_ms=2,
            created_at=db.clock(),
        ),
    )


def like(db: Database, reply_id: str, person: str = "U2", verdict: str = "up") -> None:
    record_button(db, reply_id=reply_id, person=person, role="customer", verdict=verdict)


def correct(db: Database, reply_id: str, text: str, person: str = "U9", role: str = "staff") -> None:
    record_correction(db, reply_id=reply_id, person=person, role=role, text=text)
