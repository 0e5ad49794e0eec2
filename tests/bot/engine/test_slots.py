"""Where prompts are placed and how a batch is cut."""

from bot.engine.job import Job
from bot.engine.port import GenerationRequest
from bot.engine.slots import COPY_GAIN_TOKENS, Slot, align_guesses, choose_slot, find_late_donor, plan_batch
from bot.engine.stream import QueuedGeneration

SYSTEM = list(range(100))


def job(tokens: list[int]) -> Job:
    job = Job(GenerationRequest("j", ()), "", QueuedGeneration(lambda: None), 0.0)
    job.set_prompt_tokens(tokens)
    return job


def busy(index: int, length: int, held: int, last_used: int = 0, *, alike: int = 0) -> Slot:
    """A slot with a prompt of which so many tokens are held; the first `alike` are those of every other such slot."""
    own = 1_000_000 * (index + 1)
    tokens = [*range(alike), *range(own, own + length - alike)]
    return Slot(index, tokens[:held], job(tokens), last_used)


def taken(slots: list[Slot], batch_tokens: int) -> list[tuple[int, int, bool]]:
    return [(chunk.slot, len(chunk.tokens), chunk.wants_logits) for chunk in plan_batch(slots, batch_tokens)]


def test_an_idle_context_takes_the_slot_unused_for_longest() -> None:
    slots = [Slot(0, [], None, 3), Slot(1, [], None, 1), Slot(2, [], None, 2)]
    placement = choose_slot(slots, [1, 2, 3])
    assert placement is not None
    assert placement.slot.index == 1


def test_a_busy_context_takes_the_lowest_free_slot() -> None:
    placement = choose_slot([busy(0, 5, 4), Slot(1, [], None, 9), Slot(2)], [1, 2, 3])
    assert placement is not None
    assert placement.slot.index == 1


def test_a_slot_that_holds_much_more_of_the_prompt_wins() -> None:
    thread = [*SYSTEM, *range(1000, 1000 + COPY_GAIN_TOKENS)]
    slots = [Slot(0, SYSTEM.copy()), Slot(1, thread), Slot(2, SYSTEM.copy())]
    placement = choose_slot(slots, [*thread, 7, 8])
    assert placement is not None
    assert (placement.slot.index, placement.donor, placement.reused) == (1, None, len(thread))


def test_what_a_busy_slot_holds_is_copied() -> None:
    talking = busy(0, 200, 150, alike=200)
    placement = choose_slot([talking, Slot(1)], list(range(120)))
    assert placement is not None
    assert placement.slot.index == 1
    assert placement.donor is talking
    assert placement.reused == 119  # the last prompt token is computed again for its logits


def test_a_short_gain_is_not_worth_a_copy() -> None:
    placement = choose_slot([busy(0, 50, 40, alike=50), Slot(1)], list(range(40)))
    assert placement is not None
    assert (placement.donor, placement.reused) == (None, 0)


def test_no_free_slot_is_no_placement() -> None:
    assert choose_slot([busy(0, 5, 4)], [1]) is None


def test_answers_go_first_and_prompts_share_what_is_left() -> None:
    slots = [busy(0, 5, 4), busy(1, 70, 0, last_used=1), busy(2, 50, 0, last_used=2), Slot(3)]
    assert taken(slots, 512) == [(0, 1, True), (1, 70, True), (2, 50, True)]


def test_a_long_prompt_is_read_by_itself_so_that_its_answer_begins_sooner() -> None:
    slots = [busy(0, 200, 0, last_used=2), busy(1, 200, 0, last_used=1), busy(2, 100, 0, last_used=3)]
    assert taken(slots, 512) == [(1, 200, True)]


def test_a_short_prompt_that_does_not_fit_beside_others_waits() -> None:
    slots = [busy(0, 60, 0, last_used=2), busy(1, 60, 0, last_used=1), busy(2, 40, 0, last_used=3)]
    assert taken(slots, 512) == [(0, 60, True), (1, 60, True)]
    assert taken(slots, 100) == [(1, 60, True), (2, 40, True)]


def test_only_the_longest_waiting_prompt_is_cut() -> None:
    slots = [busy(0, 5, 4), busy(1, 1000, 0, last_used=1), busy(2, 50, 0, last_used=2)]
    assert taken(slots, 512) == [(0, 1, True), (1, 511, False)]


def test_a_prompt_waits_for_the_one_that_is_reading_its_beginning() -> None:
    slots = [busy(0, 100, 0, last_used=1, alike=80), busy(1, 90, 0, last_used=2, alike=80), busy(2, 20, 0, 3)]
    assert taken(slots, 512) == [(0, 100, True), (2, 20, True)]
    assert find_late_donor(slots, slots[1]) is None


def test_what_was_read_in_the_meantime_is_found() -> None:
    first, second = busy(0, 200, 150, last_used=1, alike=150), busy(1, 180, 0, last_used=2, alike=150)
    first.is_begun = True
    assert find_late_donor([first, second], second) == (first, 150)
    second.held = list(range(150 - COPY_GAIN_TOKENS + 1))
    assert find_late_donor([first, second], second) is None  # too little to gain
    second.held, second.is_begun = [], True
    assert find_late_donor([first, second], second) is None  # it has begun to read by itself


def test_a_beginning_too_short_to_copy_is_read_by_each() -> None:
    slots = [busy(0, 64, 0, last_used=1, alike=40), busy(1, 64, 0, last_used=2, alike=40)]
    assert taken(slots, 512) == [(0, 64, True), (1, 64, True)]


def test_guesses_of_a_batch_have_one_length() -> None:
    assert align_guesses({0: [1, 2, 3, 4], 1: [5, 6], 2: [7, 8, 9]}, answering=3) == {0: [1, 2], 1: [5, 6], 2: [7, 8]}
    assert align_guesses({0: [1, 2, 3, 4], 1: [5], 2: []}, answering=2) == {0: [1, 2, 3, 4]}
    assert align_guesses({0: [1, 2, 3, 4]}, answering=3) == {}  # a pass of its own for one of three
    assert align_guesses({0: []}, answering=1) == {}
