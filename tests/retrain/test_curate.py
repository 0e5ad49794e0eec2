"""What people said becomes lessons; what must not be learned is left out, and counted."""

import pytest

from feedback.database import Database
from feedback.events import Role
from feedback.forgetting import forget_message
from feedback.replies import Reply
from retrain.curate import Curated, Privacy, curate
from retrain.examples import Example
from retrain.settings import CurateSettings
from retrieval.draft import Draft, build_draft
from retrieval.knowledge import Retrieved
from retrieval.passage import CUSTOMER_SCOPE, Audience, Turn
from retrieval.prompt import REFUSAL
from tests.retrain.feedback_rows import add_reply, build_evidence, build_prompt, correct, like

ASKED = "How long does it charge?"


def run_curate(db: Database, **options: object) -> Curated:
    values: dict[str, object] = {"settings": CurateSettings(variations=0), "seed": 1, "heldout": []}
    return curate(db, **(values | options))  # type: ignore[arg-type]


def only(curated: Curated) -> Example:
    assert len(curated.examples) == 1
    return curated.examples[0]


def test_a_liked_reply_is_learned_as_it_was_served(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    like(db, "R1")
    example = only(run_curate(db))
    assert example.messages == build_prompt(ASKED)
    assert example.target == "[2] Charging takes 90 minutes."
    assert (example.source, example.reply_id, example.thread) == ("like", "R1", "T1/C1/R1.1")


def test_a_reply_voted_down_as_often_as_up_is_never_a_positive(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    like(db, "R1", "U2")
    like(db, "R1", "U3", "down")
    curated = run_curate(db)
    assert curated.examples == ()
    assert curated.dropped == {"voted down": 1}


def test_a_sentence_that_was_withheld_is_not_learned(db: Database) -> None:
    add_reply(db, "R1", ASKED, "[2] Charging takes 90 minutes. [3] It can fly.", shown="Charging takes 90 minutes. (1)")
    like(db, "R1")
    assert only(run_curate(db)).target == "[2] Charging takes 90 minutes."


def test_a_liked_refusal_is_not_learned(db: Database) -> None:
    add_reply(db, "R1", ASKED, REFUSAL, refused=True)
    like(db, "R1")
    assert run_curate(db).dropped == {"a liked refusal": 1}


@pytest.mark.parametrize(("voter", "learned"), [("U1", 0), ("U2", 1)])
def test_an_unsupported_answer_needs_a_thumb_of_somebody_else(db: Database, voter: str, learned: int) -> None:
    add_reply(db, "R1", ASKED, "[2] Charging takes 20 minutes.", asker="U1")
    like(db, "R1", voter)
    assert len(run_curate(db).examples) == learned


def test_a_correction_cites_the_line_that_it_quotes(db: Database) -> None:
    add_reply(db, "R1", ASKED, "[1] The battery of the Heron 1 lasts 42 minutes.")
    like(db, "R1", verdict="down")
    correct(db, "R1", "Charging takes 90 minutes.")
    example = only(run_curate(db))
    assert (example.target, example.source) == ("[2] Charging takes 90 minutes.", "correction")


def test_a_correction_in_other_words_cites_none(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "About two hours,\nplease allow for\u00a0more in winter.")
    assert only(run_curate(db)).target == "About two hours, please allow for more in winter."


def test_a_correction_of_a_refusal_is_learned_as_a_verified_answer_is_read(db: Database) -> None:
    add_reply(db, "R1", ASKED, evidence=build_evidence(()))
    correct(db, "R1", "It takes two hours.")
    example = only(run_curate(db))
    assert example.target == "[1] It takes two hours."
    asked = f"Evidence (strong match):\nVerified by staff\n[1] It takes two hours.\n\nQuestion: {ASKED}"
    assert example.messages[-1].content == asked
    assert example.messages[0] == build_prompt(ASKED)[0]


def test_where_verified_answers_are_off_the_correction_of_a_refusal_is_chips_own(db: Database) -> None:
    add_reply(db, "R1", ASKED, evidence=build_evidence(()))
    correct(db, "R1", "It takes two hours.")
    example = only(run_curate(db, settings=CurateSettings(variations=0, grounded=False)))
    assert example.target == "It takes two hours."


def test_a_customers_correction_waits_for_staff(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "It is free of charge.", role="customer")
    assert run_curate(db).examples == ()


def test_a_correction_is_learned_under_the_prompt_of_today_too(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "It takes two hours.")
    today = build_evidence((("Corrections", "It takes two hours."),))

    def prepare_now(question: str, audience: Audience) -> Draft:
        assert (question, audience) == (ASKED, Audience.CUSTOMER)
        return build_draft(Retrieved(question, (), today, 0.0, question), "Larkspur", question, CUSTOMER_SCOPE)

    curated = run_curate(db, prepare=prepare_now)
    assert [(example.form, example.target) for example in curated.examples] == [
        ("served", "It takes two hours."),
        ("current", "[1] It takes two hours."),
    ]
    assert [lesson.form for lesson in curated.lessons] == ["current"]


def test_what_was_answered_to_staff_never_trains_an_adapter_for_customers(db: Database) -> None:
    add_reply(db, "R1", ASKED, audience="staff")
    correct(db, "R1", "Charging takes 90 minutes.")
    curated = run_curate(db)
    assert curated.examples == ()
    assert curated.dropped == {"for staff only": 1}
    settings = CurateSettings(variations=0, staff_replies=True)
    assert len(run_curate(db, settings=settings).examples) == 1


def test_what_staff_asked_is_learned_where_customers_may_read_all_that_it_rests_on(db: Database) -> None:
    public = Privacy(find_audience=lambda passage_id: Audience.CUSTOMER)  # noqa: ARG005
    add_reply(db, "R1", ASKED, audience="staff")
    correct(db, "R1", "Charging takes 90 minutes.")
    assert run_curate(db, privacy=public).dropped == {}
    add_reply(db, "R2", "And the other?", audience="staff", thread=(Turn("assistant", "Staff get 45 euros."),))
    correct(db, "R2", "Charging takes 80 minutes.")
    assert run_curate(db, privacy=public).dropped == {"for staff only": 1}


def test_evidence_that_became_staff_only_is_not_learned_from(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    like(db, "R1")
    audiences = {"P3": Audience.STAFF}
    curated = run_curate(db, privacy=Privacy(find_audience=audiences.get))
    assert curated.dropped == {"evidence that customers may not read": 1}


def test_personal_data_is_masked_in_what_people_wrote_and_kept_in_documents(db: Database) -> None:
    evidence = build_evidence((("Contact", "Write to help@larkspur.example."),))
    thread = (Turn("user", "I am Ada Quill, ada@quill.example"),)
    add_reply(db, "R1", "May Ada Quill charge it? ada@quill.example", evidence=evidence, thread=thread)
    correct(db, "R1", "Ada Quill may. Write to help@larkspur.example.")
    example = only(run_curate(db, privacy=Privacy(find_names=lambda reply, teacher: ("Ada Quill",))))  # noqa: ARG005
    text = " ".join(message.content for message in example.messages) + example.target
    assert "Quill" not in text
    assert "ada@" not in text
    assert example.target.endswith("Write to help@larkspur.example.")


def test_a_liked_held_out_question_is_not_learned_and_a_corrected_one_is(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    like(db, "R1")
    add_reply(db, "R2", "How far does it reach?")
    correct(db, "R2", "Charging takes 90 minutes.")
    curated = run_curate(db, heldout=["how long does it charge", "How far does it reach"])
    assert [example.reply_id for example in curated.examples] == ["R2"]
    assert curated.dropped == {"a held-out question": 1}


def test_of_the_same_question_the_last_correction_is_learned(db: Database) -> None:
    for number, text in enumerate(["One hour.", "Two hours."]):
        add_reply(db, f"R{number}", ASKED.upper() if number else ASKED)
        correct(db, f"R{number}", text)
    curated = run_curate(db)
    assert only(curated).target == "Two hours."
    assert curated.dropped == {"the same question again": 1}


def test_one_person_cannot_teach_more_than_their_share(db: Database) -> None:
    for number in range(4):
        add_reply(db, f"R{number}", f"Question number {number}?")
        correct(db, f"R{number}", f"Answer {number}.", person="U9" if number else "U8")
    curated = run_curate(db, settings=CurateSettings(max_per_person=2, variations=0))
    assert [example.reply_id for example in curated.examples] == ["R0", "R2", "R3"]
    assert curated.dropped == {"more than one person may teach": 1}


def test_the_same_feedback_gives_the_same_examples(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "Charging takes 90 minutes.")
    settings = CurateSettings(variations=4)
    first, second = run_curate(db, settings=settings), run_curate(db, settings=settings)
    assert first == second
    assert len(first.examples) == 5


def test_what_consent_does_not_cover_is_not_learned(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "Charging takes 80 minutes.", role="admin")
    asked: list[tuple[str, object]] = []

    def covers(reply: Reply, teacher: object) -> bool:
        asked.append((reply.id, teacher))
        return False

    curated = run_curate(db, privacy=Privacy(covers=covers))
    assert curated.examples == ()
    assert curated.dropped == {"learning from it is not allowed": 1}
    assert asked == [("R1", Role.ADMIN)]


def test_what_was_forgotten_is_not_learned(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    like(db, "R1")
    add_reply(db, "R2", "How large an area does it mow?")
    correct(db, "R2", "It mows 600 square metres.")
    for reply_id in ("R1", "R2"):
        forget_message(db, "T1", "C1", f"{reply_id}.1")
    curated = run_curate(db)
    assert curated.examples == ()
    assert curated.dropped == {"forgotten": 2}


def test_what_staff_asked_without_evidence_is_for_staff_and_not_trained(db: Database) -> None:
    add_reply(db, "R1", ASKED, audience="staff", refused=True, evidence=build_evidence(()))
    correct(db, "R1", "It charges for 42 minutes.")
    curated = run_curate(db)
    assert curated.examples == ()
    assert curated.dropped == {"for staff only": 1}


def test_of_two_that_contradict_the_earlier_is_not_trained_where_the_later_may_not_be(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "It charges for 42 minutes.")
    add_reply(db, "R2", ASKED)
    correct(db, "R2", "It charges for 47 minutes.", person="U8")
    curated = run_curate(db, privacy=Privacy(covers=lambda reply, _teacher: reply.id != "R2"))
    assert curated.examples == ()
    assert curated.dropped == {"the same question again": 1, "learning from it is not allowed": 1}
