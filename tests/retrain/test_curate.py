"""What people said becomes lessons; what must not be learned is left out, and counted."""

import pytest

from feedback.database import Database
from feedback.events import Role
from feedback.forgetting import forget_message
from feedback.replies import Reply
from feedback.signals import record_escalation, record_reasked
from feedback.votes import record_button
from retrain.curate import BEYOND, Curated, Privacy, curate
from retrain.examples import Example
from retrain.settings import CurateSettings
from retrieval.draft import Draft, build_draft
from retrieval.passage import CUSTOMER_SCOPE, Audience, Turn
from retrieval.prompt import REFUSAL
from retrieval.retrieved import Retrieved
from tests.retrain.feedback_rows import add_reply, build_evidence, build_passages, build_prompt, correct, like

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


@pytest.mark.parametrize("said", ["Charging takes 20 minutes.", "You may charge it in the bath."])
def test_an_answer_that_no_document_holds_is_never_a_positive_however_many_like_it(db: Database, said: str) -> None:
    add_reply(db, "R1", ASKED, f"[2] {said}", shown=said)
    for number in range(8):
        like(db, "R1", f"U{number}")
    curated = run_curate(db)
    assert curated.examples == ()
    assert curated.dropped == {"liked, but no document holds what it claims": 1}


def test_the_unwelcome_truth_is_no_negative_unless_staff_say_so(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    for number in range(4):
        like(db, "R1", f"U{number}", "down")
    curated = run_curate(db)
    assert (curated.examples, curated.dropped) == ((), {"voted down, though the documents hold it": 1})
    record_button(db, reply_id="R1", person="S1", role="staff", verdict="down")
    negative = only(run_curate(db))
    assert (negative.source, negative.target, negative.rejected) == ("dislike", "", "[2] Charging takes 90 minutes.")
    assert run_curate(db).lessons == []


def test_asking_again_and_asking_for_a_person_weigh_against_a_like(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    like(db, "R1")
    assert only(run_curate(db)).source == "like"
    record_reasked(db, "R1", "U1", "customer", again="R2")
    record_escalation(db, "R1", "U1", "customer")
    curated = run_curate(db)
    assert (curated.examples, curated.dropped) == ((), {"disputed: the votes do not settle it": 1})


def test_a_burst_of_customers_waits_for_review_and_one_of_staff_counts(db: Database) -> None:
    for reply_id, role in (("R1", "customer"), ("R2", "staff")):
        add_reply(db, reply_id, f"{ASKED} ({reply_id})")
        for number in range(12):
            record_button(db, reply_id=reply_id, person=f"{role}{number}", role=role, verdict="up")
    curated = run_curate(db)
    assert [example.reply_id for example in curated.examples] == ["R2"]
    assert curated.dropped == {"votes that came in a burst and wait for review": 1}


def test_people_who_vote_in_lockstep_count_and_teach_as_one(db: Database) -> None:
    topics = ("battery", "blade", "wheel", "cable", "roof", "sensor", "handle", "motor")
    for number, topic in enumerate(topics):
        add_reply(db, f"R{number}", f"Tell me all about the {topic}, please")
        for person in ("U1", "U2", "U3"):
            like(db, f"R{number}", person)
        like(db, f"R{number}", "U9", "down")
    assert run_curate(db).dropped == {"voted down": 8}, "one against one"
    add_reply(db, "R9", "What is the warranty?")
    like(db, "R9", "U1")
    settings = CurateSettings(variations=0, max_per_person=0)
    assert run_curate(db, settings=settings).dropped == {"voted down": 8, "more than one person may teach": 1}


def test_rude_words_and_other_languages_are_left_out(db: Database) -> None:
    add_reply(db, "R1", ASKED)
    correct(db, "R1", "It takes 90 minutes, you 1diot.")
    add_reply(db, "R2", "How far?")
    correct(db, "R2", "Bitte lesen Sie zuerst die Anleitung, dort steht alles genau erklärt.")
    curated = run_curate(db)
    assert curated.examples == ()
    assert curated.dropped == {"rude words": 1, "in another language than its documents": 1}


def test_of_two_rewordings_that_contradict_the_later_is_learned(db: Database) -> None:
    add_reply(db, "R1", "How long does the Heron take to charge?")
    correct(db, "R1", "Charging takes 80 minutes.")
    add_reply(db, "R2", "How long does a Heron take to charge please?")
    correct(db, "R2", "Charging takes 90 minutes.")
    curated = run_curate(db)
    assert only(curated).target == "[2] Charging takes 90 minutes."
    assert curated.dropped == {"contradicted by a later lesson": 1}


def test_a_rewording_of_a_held_out_question_is_not_learned_from_votes(db: Database) -> None:
    add_reply(db, "R1", "How long does the Heron take to charge?")
    like(db, "R1")
    add_reply(db, "R2", "How large an area does the Moss 2 mow?")
    correct(db, "R2", "The Moss 2 mows up to 600 square metres.")
    heldout = ["How long does a Heron take to charge, please?", "How large an area does a Moss 2 mow?"]
    curated = run_curate(db, heldout=heldout)
    assert [example.reply_id for example in curated.examples] == ["R2"]
    assert curated.dropped == {"a held-out question": 1}
    assert curated.covered == {heldout[1]}


def test_rewordings_are_never_torn_apart_between_training_and_judging(db: Database) -> None:
    for number in range(70):
        subject = f"the part called {chr(97 + number % 26) * 3}{chr(97 + number // 26) * 4}"
        for copy, form in enumerate(("How do I clean {}?", "how do i clean {}, please")):
            add_reply(db, f"R{number:02}{copy}", form.format(subject))
            like(db, f"R{number:02}{copy}", f"U{number}{copy}")
    curated = run_curate(db)
    parts: dict[str, set[str]] = {}
    for example in curated.examples:
        assert example.reply_id is not None
        parts.setdefault(example.reply_id[:3], set()).add(example.split)
    assert all(len(splits) == 1 for splits in parts.values())
    assert {split for splits in parts.values() for split in splits} == {"train", "gate", "sealed"}
    assert len(curated.lessons) == sum(example.split == "train" for example in curated.examples)


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


PASSAGES = build_passages(
    (
        ("Heron 1 › Battery", "The battery lasts 42 minutes. Charging takes 90 minutes."),
        ("Heron 1 › Care", "To clean it:\n1. Switch it off.\n2. Wipe it.\n```\nheronctl clean [1]\n```"),
    )
)


def test_of_a_base_that_reads_what_was_shown_is_learned_with_the_passage_that_holds_it(db: Database) -> None:
    said = "Charging takes 90 minutes [2]. It can fly. [1] The battery lasts 42 minutes. [1]"
    add_reply(
        db, "R1", ASKED, said, shown="Charging takes 90 minutes. The battery lasts 42 minutes.", evidence=PASSAGES
    )
    like(db, "R1")
    example = only(run_curate(db))
    assert example.target == "Charging takes 90 minutes. [1] The battery lasts 42 minutes. [1]"
    assert (example.messages, example.question) == (build_prompt(ASKED, PASSAGES), ASKED)


def test_of_a_base_that_reads_no_like_teaches_what_no_passage_holds(db: Database) -> None:
    for number, said in enumerate(("Charging takes 95 minutes. [1]", "Yes, you can charge it in 90 minutes. [1]")):
        add_reply(db, f"R{number}", f"{ASKED} {number}", said, shown=said[:-4], evidence=PASSAGES)
        like(db, f"R{number}")
    curated = run_curate(db)
    assert [example.target for example in curated.examples] == ["Yes, you can charge it in 90 minutes. [1]"]
    assert curated.dropped == {"liked, but no document holds what it claims": 1}


def test_a_correction_of_a_base_that_reads_cites_after_each_sentence_and_keeps_its_lines(db: Database) -> None:
    add_reply(db, "R1", ASKED, "It lasts 50 minutes. [1]", shown="", evidence=PASSAGES)
    text = "Charging takes 90 minutes. [2] Ask Ove.\n\nTo clean it:\n1. Switch it off.\n```\nheronctl clean [1]\n```"
    correct(db, "R1", text)
    assert only(run_curate(db)).target == (
        "Charging takes 90 minutes. [1] Ask Ove.\nTo clean it:\n1. Switch it off. [2]\n```\nheronctl clean [1]\n```"
    )


def test_a_correction_of_a_refusal_is_learned_as_a_passage_where_the_base_reads(db: Database) -> None:
    add_reply(db, "R1", ASKED, REFUSAL, evidence=build_passages(()))
    correct(db, "R1", "It takes two hours. Ask for the dock.")
    example = only(run_curate(db))
    assert example.target == "It takes two hours. [1] Ask for the dock. [1]"
    held = build_passages((("Verified by staff", "It takes two hours. Ask for the dock."),))
    assert example.messages == build_prompt(ASKED, held)


def test_where_the_base_reads_personal_data_is_masked_in_the_question_and_kept_in_passages(db: Database) -> None:
    evidence = build_passages((("Contact", "Write to help@larkspur.example."),))
    add_reply(db, "R1", "May I charge it? ada@quill.example", evidence=evidence)
    correct(db, "R1", "Write to help@larkspur.example.")
    example = only(run_curate(db))
    assert "ada@" not in example.messages[-1].content
    assert example.messages[0] == build_prompt("", evidence)[0]
    assert example.target == "Write to help@larkspur.example. [1]"


def test_a_correction_is_learned_only_in_the_form_that_the_base_of_today_reads(db: Database) -> None:
    add_reply(db, "R1", ASKED, "[3] Nobody knows.", shown="Nobody knows.")
    correct(db, "R1", "Charging takes 90 minutes.")

    def prepare_now(question: str, audience: Audience) -> Draft:  # noqa: ARG001
        return build_draft(Retrieved(question, (), PASSAGES, 0.0, question), "Larkspur", question, CUSTOMER_SCOPE)

    example = only(run_curate(db, prepare=prepare_now))
    assert (example.messages, example.target) == (build_prompt(ASKED, PASSAGES), "Charging takes 90 minutes. [1]")
    assert example.rejected == "Nobody knows."


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


def test_of_more_than_one_training_takes_the_latest_corrections_are_learned_and_the_rest_is_counted(
    db: Database,
) -> None:
    for number in range(4):
        add_reply(db, f"L{number}", f"Question {number} about batteries?")
        like(db, f"L{number}")
        add_reply(db, f"C{number}", f"What of subject {number}{number}?")
        correct(db, f"C{number}", f"It is figure {number}.", person=f"U{number}")
    curated = run_curate(db, settings=CurateSettings(variations=0, most_lessons=3))
    assert [lesson.reply_id for lesson in curated.lessons] == ["C1", "C2", "C3"]
    assert curated.dropped[BEYOND] == 5
