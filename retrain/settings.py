"""Every number that a retrain depends on, with its default. Knows nothing of files or of the environment."""

from dataclasses import dataclass, field
from typing import Literal

LINEAR_LAYERS = (
    *("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"),
    *("qkv_proj", "gate_up_proj"),  # phi3 has them in one
)


@dataclass(frozen=True, slots=True)
class CurateSettings:
    """What may become training data. `max_per_person` limits how much one person can teach in one dataset.

    `variations` is how many altered copies of a correction's prompt are made, so that it is learned beyond one
    byte-exact prompt. `replay` is how many of the base's own answers are rehearsed against forgetting. `staff_replies`
    stays False while one adapter serves customers as well as staff. `grounded`: the correction of an answer without
    evidence is learned with its own words as the evidence, as search finds a verified answer. Otherwise it is learned
    as Chip's own words, which a small model can do only by forgetting what it reads.

    Of imported history `most_imported` answers are learned, the newest ones. A reply teaches when it is `sure` to be
    good, in [0, 1], and teaches what not to say when it is as sure to be bad.
    Votes of customers are set aside for review where one person casts `burst_of_person` of them, or `burst_on_reply`
    people press the same on one reply, within `burst_seconds`. `most_likes` is how many liked replies are looked at,
    the latest first. From `least_to_split` lessons on, some likes are kept for the gate and some sealed. At most
    `most_lessons` are learned at once: corrections come before likes, and late ones before early ones.
    """

    max_per_person: int = 40
    most_imported: int = 400
    sure: float = 0.7
    burst_seconds: int = 600
    burst_of_person: int = 30
    burst_on_reply: int = 10
    most_likes: int = 10_000
    most_lessons: int = 1_500
    least_to_split: int = 60
    variations: int = 4
    replay: int = 96
    staff_replies: bool = False
    grounded: bool = True


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How the LoRA is trained. Training ends when every lesson is learned, or at `max_epochs` or `max_seconds`.

    A lesson is learned when the model was sure of every token of it `sure_times` in a row, each time under another form
    of its prompt if there are several. A few lessons are asked several times an epoch, so that they make at least
    `asks_per_epoch` together and the `rehearsed_per_epoch` answers of the base do not outnumber them. `max_seconds` of
    computing keep a retrain on 60 items under two minutes on two cores; the gate judges what is not learned by then.
    `threads` is the most: those beyond the first are used while nobody else computes on their cores. `priority` is
    added to the child's niceness.
    """

    targets: tuple[str, ...] = LINEAR_LAYERS
    rank: int = 16
    alpha: float = 32.0
    learning_rate: float = 2e-3
    warmup_steps: int = 5
    max_epochs: int = 24
    sure_times: int = 3
    batch_rows: int = 4
    asks_per_epoch: int = 12
    rehearsed_per_epoch: int = 24
    max_seconds: float = 80.0
    threads: int = 2
    seed: int = 17
    priority: int = 10
    precision: Literal["auto", "float32", "bfloat16"] = "auto"


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What a candidate has to show. Shares are fractions in [0, 1].

    A lesson counts as said if the answer's ROUGE-L against it is at least `say_threshold`. `level` is the chance that
    a candidate which is no better is found better, and `slice_level` that one which is worse in a slice is found no
    worse. `least_gain` is the smallest gain worth waiting for: with questions enough to show it, no doubt is left. In
    no slice may the share of what is bad rise by `margin`, or by `part_margin` where only a part of the questions can
    show it. With fewer than `least_questions` about `least_topics` nothing is judged. At most `most_questions` are
    asked, `most_lessons` lessons, and `reading_questions` of general reading. An answer is slow at more than
    `max_slowdown` times the other's time and `unnoticed_ms`, and long at more than `max_longer` times the other's
    words and `short_words`.
    """

    say_threshold: float = 0.8
    level: float = 0.025
    slice_level: float = 0.05
    least_gain: float = 0.05
    margin: float = 0.05
    part_margin: float = 0.1
    least_questions: int = 30
    least_topics: int = 10
    most_questions: int = 160
    most_lessons: int = 240
    reading_questions: int = 48
    max_slowdown: float = 2.0
    unnoticed_ms: float = 600.0
    max_longer: float = 2.0
    short_words: float = 40.0


@dataclass(frozen=True, slots=True)
class ScheduleSettings:
    """When a retrain is considered: every `every_hours`, or by `cron` (five fields) if one is given.

    None begins by itself in the `quiet_hours`, written like 08:00-18:00. Both count in `time_zone`.
    """

    every_hours: float = 24.0
    cron: str | None = None
    quiet_hours: str | None = None
    time_zone: str = "UTC"


@dataclass(frozen=True, slots=True)
class CanarySettings:
    """How a candidate that passed the gate is tried on people before it serves.

    It answers this `share` of the new conversations; 0: it serves at once. `promotes`: Chip itself lets it serve once
    it is shown to be better; otherwise an admin decides. After `days` without a decision it ends. `level` is the chance
    that a candidate which is as good as what serves is found worse, however often somebody looks. What people say
    within `settle_minutes` of a conversation's first answer counts. `shift` is the harm that status speaks of.
    """

    share: float = 0.0
    promotes: bool = False
    days: int = 28
    level: float = 0.05
    settle_minutes: int = 60
    shift: float = 0.1


@dataclass(frozen=True, slots=True)
class RetrainSettings:
    """All settings of a retrain. `min_feedback` is how many new votes and corrections a scheduled run waits for.

    `keep` is how many adapters and data sets stay besides those that are needed: see `retrain.retention`.
    """

    min_feedback: int = 20
    keep: int = 10
    curate: CurateSettings = field(default_factory=CurateSettings)
    train: TrainSettings = field(default_factory=TrainSettings)
    gate: GateSettings = field(default_factory=GateSettings)
    canary: CanarySettings = field(default_factory=CanarySettings)
    schedule: ScheduleSettings = field(default_factory=ScheduleSettings)
