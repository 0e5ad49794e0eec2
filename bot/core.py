"""Chip without Slack: documents, database, engine and the live adapter, opened and closed together.

The command line works with a core. `wiring` ties it to Slack.
"""

import logging
import secrets
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from prometheus_client import start_http_server
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bot.answering.say import Voice
from bot.engine.llama_engine import LlamaEngine
from bot.engine.metrics import EngineMetrics
from bot.engine.port import Engine, EngineError
from bot.engine.remote_engine import RemoteEngine
from bot.learning.gaps import build_missing_rows, find_missing
from bot.learning.rehearsal import make_questions
from bot.learning.suggestions import Suggestions
from bot.learning.trial import TrialAnswerer, ask_live
from bot.learning.verified import build_verified_answers
from bot.views import wording
from config.settings import EngineSettings, Settings
from feedback import privacy
from feedback.choices import Covers, respect_choices
from feedback.consent import LOCAL, OFF, Consent, build_covers, describe_consents
from feedback.corrections import Held
from feedback.database import Database, open_database
from feedback.events import Role
from feedback.privacy import Public, read_public
from feedback.replies import Reply
from retrain import registry
from retrain.adapter import Adapter, AdapterError
from retrain.bases.base import Base, BaseModelError
from retrain.bases.shelf import DEFAULT, Shelf
from retrain.curate import Curated, Privacy, find_bar
from retrain.errors import RetrainError
from retrain.evaluate import HeldOutQuestion
from retrain.examples import Dataset
from retrain.finder.pairs import find_pairs
from retrain.finder.shelf import build_glossary, propose
from retrain.finder.words import Meaning, learn_words
from retrain.free_cores import find_cores
from retrain.judging.questions import make_document_questions
from retrain.judging.serving import Judgement, judge_serving
from retrain.lock import hold_lock
from retrain.probe import Spoken, probe
from retrain.report import SCHEDULE, RetrainReport
from retrain.run import Progress, RetrainDeps, curate_feedback, find_questions, freeze, run_retrain
from retrain.schedule import due
from retrain.settings import CanarySettings, CurateSettings, RetrainSettings, ScheduleSettings
from retrieval.draft import Draft, prepare
from retrieval.encoders.cross_encoder import load_cross_encoder
from retrieval.encoders.embedder import Embedder, load_embedder
from retrieval.encoders.entailment import EntailmentModel
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope, Turn
from retrieval.ranking.evidence import EvidenceLimits
from retrieval.reading.file_reader import ReadingLimits
from retrieval.search import SearchSettings

MOST_JUDGED, MOST_PROBES = 120, 40  # questions of the company, and figures asked of the documents, each week
GAP_PERIOD = timedelta(days=30)
MOST_PASSAGES_ASKED = 5_000  # of which the gate's questions are made
WORD_PASSAGES, WORD_DEPTH = 5, 20  # looked at for a correction's passage, and for the place of a passage
# With more than one thread, BLAS threads spin against the others: with two, numpy's products took 1.8 to 24 times as
# long on two busy cores.
BLAS_THREADS = 1

Tell = Callable[[str], None]
logger = logging.getLogger(__name__)
FindNames = Callable[[Reply, str], Sequence[str]]


def find_no_names(reply: Reply, teacher: str) -> Sequence[str]:  # noqa: ARG001
    """Return no names: Slack, which knows them, is not asked."""
    return ()


def now_utc() -> datetime:
    """Return the present time, aware, in UTC."""
    return datetime.now(UTC)


def make_id(prefix: str) -> str:
    """Return an id that was never given before: the prefix and 64 random bits."""
    return f"{prefix}{secrets.token_hex(8)}"


@dataclass(frozen=True, slots=True)
class Core:
    """Chip without Slack: documents, database, engine, and the live adapter in it."""

    settings: Settings
    db: Database
    knowledge: Knowledge
    engine: Engine
    claim_model: EntailmentModel | None = None
    base: Base | None = None
    suggestions: Suggestions = field(default_factory=Suggestions)

    @property
    def adapters_folder(self) -> Path:
        """The folder of the registered adapters."""
        return self.settings.data / "adapters"

    @property
    def runs_folder(self) -> Path:
        """The folder of the retrain runs."""
        return self.settings.data / "retrain"

    @property
    def read_names(self) -> Callable[[], AbstractContextManager[privacy.FindNames | None]]:
        """What opens the reader of names that Slack does not show; it finds none where that is switched off."""
        return privacy.read_names if self.settings.privacy.read_names else nullcontext

    @property
    def voice(self) -> Voice:
        """The voice that says answers as configured: in Slack, on the terminal, and for the gate of a retrain."""
        chosen = self.settings.engine
        return Voice(
            self.engine,
            self.knowledge.find_lines,
            Held(self.db).texts,
            chosen.answer_tokens,
            chosen.exact_quotes,
            self.claim_model,
        )

    def prepare(self, question: str, scope: Scope, thread: Sequence[Turn] = (), *, with_verified: bool = True) -> Draft:
        """Return the draft of an answer to the question, asked now in this thread."""
        return prepare(
            self.knowledge,
            self.settings.company,
            question,
            scope,
            thread,
            with_verified=with_verified,
            whole_passages=self.engine.reads_passages,
        )

    def prepare_lesson(self, question: str, audience: Audience) -> Draft:
        """Return the draft that a question gets now, outside of any thread, without verified answers.

        A lesson must teach what the documents say, not what the correction itself says.
        """
        scope = STAFF_SCOPE if audience is Audience.STAFF else CUSTOMER_SCOPE
        return self.prepare(question, scope, with_verified=False)

    def retrain(
        self,
        trigger: str,
        requested_by: str,
        tell: Callable[[Progress], None] | None = None,
        *,
        find_names: FindNames = find_no_names,
        stop: threading.Event | None = None,
        version: Path | None = None,
    ) -> RetrainReport:
        """Run one retrain and serve its result if it passes; see `run_retrain`. `find_names`: see `Privacy`."""
        deps = replace(
            self._build_retrain_deps(find_names, stop or threading.Event()),
            version=version,
            is_wanted=lambda: trigger != SCHEDULE or due(self.db, self.settings.retrain.min_feedback),
        )
        if tell is not None:
            deps = replace(deps, tell=tell)
        return run_retrain(deps, trigger=trigger, requested_by=requested_by)

    def judge_serving(self, cause: str) -> Judgement | None:
        """Judge what serves on the company's own questions. None if there are none.

        Raises `RetrainRunning` while a retrain runs, which needs the same lane.
        """
        deps = self._build_retrain_deps(find_no_names, threading.Event())
        questions = [*find_questions(deps)[:MOST_JUDGED], *self.ask_documents(MOST_PROBES)]
        if not questions:
            return None
        with hold_lock(self.runs_folder, now_utc()):
            adapter = registry.load_live(self.db, self.adapters_folder, self.engine.base_id)
            serving = (self.engine.base_id, adapter)
            return judge_serving(self.db, questions, self.prepare_lesson, deps.answerer, serving, cause)

    def word_questions(self) -> dict[str, str]:
        """Return the wording of each question that what serves is judged by, by its id."""
        deps = self._build_retrain_deps(find_no_names, threading.Event())
        return {one.id: one.question for one in [*find_questions(deps), *self.ask_documents(MOST_PROBES)]}

    def build_data(self, find_names: FindNames = find_no_names) -> tuple[Dataset, Curated]:
        """Keep what a retrain would learn from now as a data set version, without training."""
        deps = self._build_retrain_deps(find_names, threading.Event())
        curated = curate_feedback(deps, find_questions(deps))
        return freeze(deps, curated), curated

    def _build_retrain_deps(self, find_names: FindNames, stop: threading.Event) -> RetrainDeps:
        return RetrainDeps(
            db=self.db,
            base=self.base or find_base(self.settings),
            forms_folder=open_shelf(self.settings).forms_folder,
            adapters_folder=self.adapters_folder,
            runs_folder=self.runs_folder,
            answerer=TrialAnswerer(self.voice, stop),
            prepare=self.prepare_lesson,
            is_question=self.knowledge.is_question,
            use_adapter=self.engine.use_adapter,
            settings=retrain_settings(self.settings),
            heldout_path=self.settings.heldout,
            prepare_replay=self._prepare_replay,
            ask_documents=self.ask_documents,
            stop=stop,
            encode=self.knowledge.encode,
            describe_consent=lambda: describe_consents(self.db, self.consent_unasked),
            privacy=Privacy(
                find_names=find_names,
                find_audience=self._find_audience,
                covers=self._covers(),
                read_names=self.read_names,
                read_public=self._read_public,
            ),
        )

    @property
    def consent_unasked(self) -> Consent:
        """What holds for learning until an admin decides: everything in the local workspace, nothing in a real one."""
        return LOCAL if self.settings.is_local else OFF

    def suggest(self) -> tuple[str, ...]:
        """Return the questions that a newcomer is offered: the configured ones, or some made from the documents."""
        return self.settings.examples or self.suggestions.find(self.knowledge)

    def may_learn(self, reply: Reply, teacher: Role | None) -> bool:
        """Whether a reply may be learned from when a person of this role teaches it, by consent and by choice."""
        return self._covers()(reply, teacher)

    def is_for_staff(self, reply: Reply) -> bool:
        """Whether customers may not read what a reply says, so that the adapter that serves them may not learn it."""
        return find_bar(reply, self._find_audience) is not None

    def _covers(self) -> Covers:
        return respect_choices(self.db, build_covers(self.db, self.consent_unasked))

    def probe(self, adapter: Adapter) -> Spoken | None:
        """Ask what answers now the questions that tell the adapter apart; see `retrain.probe`."""
        return probe(adapter, self.runs_folder, self.knowledge.is_question, partial(ask_live, self.voice))

    def tell_base_change(self) -> str:
        """Return what admins are told where another base leaves the adapter behind; "" where none does."""
        base_id = self.engine.base_id
        left = registry.find_left_behind(self.db, base_id)
        if left is None:
            return ""
        return wording.BASE_CHANGED.format(base=base_id, adapter=left.adapter_id, before=left.base_id)

    def serve_corrections(self) -> bool:
        """Serve the corrections that hold now, and no others. Return False if serving them is switched off."""
        is_on = self.settings.knowledge.verified_answers
        self.knowledge.set_verified(build_verified_answers(self.db, self.knowledge.passage) if is_on else [])
        return is_on

    def learn_words(self) -> list[Meaning]:
        """Learn which words of customers mean which words of the documents. Return what is new."""
        pairs = find_pairs(
            self.db,
            retrain_settings(self.settings).curate,
            self.knowledge.passage,
            lambda text: [hit.passage for hit in self.knowledge.search(text, STAFF_SCOPE, WORD_PASSAGES)],
            self._covers(),
        )
        texts = (
            f"{passage.heading}\n{passage.text}"
            for passage in islice(self.knowledge.passages(STAFF_SCOPE), MOST_PASSAGES_ASKED)
        )
        return propose(self.db, learn_words(pairs, texts, self._find_rank)) if pairs else []

    def _find_rank(self, question: str, wanted: frozenset[str]) -> float:
        """Return how well a question finds one of these passages, in [0, 1]."""
        hits = self.knowledge.search(question, STAFF_SCOPE, WORD_DEPTH)
        return next((1.0 / rank for rank, hit in enumerate(hits, start=1) if hit.passage.id in wanted), 0.0)

    def use_words(self) -> None:
        """Search with the words that admins let Chip use, from now on."""
        self.knowledge.set_glossary(build_glossary(self.db))

    def find_missing_rows(self) -> list[tuple[str, str]]:
        """Return what a report says about the questions that the documents did not answer lately."""
        return build_missing_rows(find_missing(self.db, self.knowledge, since=now_utc() - GAP_PERIOD))

    def _read_public(self) -> Public:
        texts = (passage.text for passage in self.knowledge.passages(STAFF_SCOPE))
        return read_public(texts, self.settings.privacy.own_domains)

    def _find_audience(self, passage_id: str) -> Audience | None:
        passage = self.knowledge.passage(passage_id)
        return passage.audience if passage else None

    def _prepare_replay(self, count: int) -> Sequence[Draft]:
        step = max(1, self.knowledge.holdings.count().passages // max(1, count))
        passages = islice(self.knowledge.passages(CUSTOMER_SCOPE), 0, None, step)
        questions = make_questions(passages, count)
        return [self.prepare_lesson(question, Audience.CUSTOMER) for question in questions]

    def ask_documents(self, count: int) -> Sequence[HeldOutQuestion]:
        """Return up to so many questions for figures in the documents that customers may read."""
        many = self.knowledge.holdings.count().passages
        passages = self.knowledge.passages(CUSTOMER_SCOPE)
        return make_document_questions(islice(passages, 0, None, max(1, many // MOST_PASSAGES_ASKED)), count)


def retrain_settings(settings: Settings) -> RetrainSettings:
    """Return retraining's own settings for the configured ones."""
    return RetrainSettings(
        min_feedback=settings.retrain.min_feedback,
        keep=settings.retrain.keep,
        curate=CurateSettings(
            max_per_person=settings.retrain.max_per_person, grounded=settings.knowledge.verified_answers
        ),
        schedule=ScheduleSettings(
            settings.retrain.every_hours,
            settings.retrain.cron,
            settings.retrain.quiet_hours,
            settings.slack.time_zone,
        ),
        canary=CanarySettings(
            settings.retrain.canary_share, settings.retrain.canary_promotes, settings.retrain.canary_days
        ),
    )


def open_knowledge(settings: Settings, embedder: Embedder | None = None) -> Knowledge:
    """Open the index over the configured documents. `embedder` replaces the configured one."""
    chosen = settings.knowledge
    threadpool_limits(BLAS_THREADS, user_api="blas")
    return Knowledge(
        settings.data / "index",
        embedder or load_embedder(chosen.embedder, threads=chosen.reading_threads or len(find_cores())),
        default_audience=Audience(chosen.default_audience),
        audience_words={word: Audience(meant) for word, meant in chosen.audience_words.items()},
        max_hits=chosen.passages,
        search_settings=SearchSettings(
            chosen.rankings, chosen.worth_of_words, chosen.rank_constant, chosen.ranking_depth, chosen.exact_units
        ),
        standalone_questions=chosen.standalone_questions,
        limits=EvidenceLimits(
            chosen.evidence_passages,
            chosen.evidence_words,
            keep_within=chosen.evidence_within,
            shift=chosen.confidence_shift,
            read_passages=chosen.read_passages,
            read_characters=chosen.read_characters,
        ),
        cross_encoder=load_cross_encoder(chosen.cross_encoder),
        reading=ReadingLimits(chosen.file_seconds, chosen.file_megabytes),
    )


def load_claim_model(settings: Settings) -> EntailmentModel | None:
    """Return the claim check's third layer if one is configured. Raise `EntailmentModelError` if it cannot be used."""
    chosen = settings.knowledge
    if chosen.claim_model is None:
        return None
    return EntailmentModel(chosen.claim_model, threshold=chosen.claim_threshold, threads=settings.engine.threads)


def open_shelf(settings: Settings) -> Shelf:
    """Return the base models of this installation."""
    return Shelf(settings.models_folder)


def find_base(settings: Settings, say: Tell = logger.warning) -> Base:
    """Return the base that is to serve. Raises `BaseModelError` where the settings name one that cannot be used.

    Where one that was chosen by name can no longer be used, `say` hears why, and the one that ships serves.
    """
    shelf = open_shelf(settings)
    try:
        return shelf.load(settings.engine.base)
    except BaseModelError as error:
        if settings.engine.base is not None:
            raise
        say(wording.BASE_UNUSABLE.format(reason=error, base=DEFAULT))
        return shelf.load(Path(DEFAULT))


@contextmanager
def open_engine(base: Base, settings: EngineSettings) -> Iterator[Engine]:
    """Open the engine of this process, or the one that asks a server, with its metrics on loopback where wanted."""
    metrics = EngineMetrics()
    build = LlamaEngine if settings.url is None else RemoteEngine
    with ExitStack() as stack:
        if settings.metrics_port is not None:
            server, thread = start_http_server(settings.metrics_port, addr="127.0.0.1", registry=metrics.registry)
            stack.callback(thread.join)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
        yield stack.enter_context(closing(build(base, settings, metrics=metrics)))


@contextmanager
def open_core(settings: Settings, say: Tell) -> Iterator[Core]:
    """Open everything but Slack, with the live adapter served, and close it again. `say` is told each step."""
    with ExitStack() as stack:
        settings.data.mkdir(parents=True, exist_ok=True)
        db = open_database(settings.database_url, clock=now_utc, new_id=make_id)
        stack.callback(db.close)
        base = find_base(settings, say)
        say(f"Loading the base model {base.name or base.id}")
        engine = stack.enter_context(open_engine(base, settings.engine))
        say("Opening the documents")
        knowledge = open_knowledge(settings)
        stack.callback(knowledge.close)
        core = Core(settings, db, knowledge, engine, load_claim_model(settings), base)
        core.use_words()
        _serve_live_adapter(core, say)
        yield core


def _serve_live_adapter(core: Core, say: Tell) -> None:
    try:
        adapter = registry.load_live(core.db, core.adapters_folder, core.engine.base_id)
        if adapter is not None:
            core.engine.use_adapter(adapter)
        elif sentence := core.tell_base_change():
            say(sentence)
    except (AdapterError, RetrainError, EngineError) as error:
        say(wording.ADAPTER_UNUSABLE.format(reason=error))
