"""Ten thousand random questions by random askers over documents for everybody, customers, staff and two groups."""

from collections.abc import Iterator

import pytest

from benchmarks.retrieval.leaks import AUDIENCES, MARKS, PAIRS, TOPICS, VERIFIED_QUESTION, ask_at_random, fill
from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, STAFF_SCOPE, Audience, Scope
from retrieval.search import SearchSettings
from retrieval.store.exact import EXACT_UNITS
from tests.retrieval.words import WordEmbedder


@pytest.fixture(scope="module", params=[EXACT_UNITS, 0], ids=["exact", "chroma"])
def knowledge(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    settings = SearchSettings(exact_units=request.param)
    opened = Knowledge(tmp_path_factory.mktemp("index"), WordEmbedder(), search_settings=settings)
    assert fill(opened, tmp_path_factory.mktemp("documents")) == len(AUDIENCES) * len(TOPICS)
    yield opened
    opened.close()


@pytest.mark.slow
def test_no_random_asker_ever_sees_what_is_not_for_them(knowledge: Knowledge) -> None:
    asked = list(ask_at_random(knowledge, PAIRS))
    assert [pair for pair in asked if pair.leaked] == []
    found = sum(pair.is_found for pair in asked)
    assert found > PAIRS * 0.8, "too little was found for the absence of leaks to mean anything"


def test_a_leak_would_be_seen(knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch) -> None:
    everybody = Scope(frozenset(AUDIENCES))
    search = knowledge.search
    monkeypatch.setattr(knowledge, "search", lambda question, _scope, limit: search(question, everybody, limit))
    assert any(pair.leaked for pair in ask_at_random(knowledge, 40))


@pytest.mark.parametrize("audience", AUDIENCES)
def test_each_audience_finds_its_own_and_its_verified_answer(knowledge: Knowledge, audience: Audience) -> None:
    scope = Scope(frozenset({audience}))
    for topic in TOPICS:
        hits = knowledge.search(f"{topic} of the Moss 1", scope, 50)
        assert any(hit.passage.title.startswith(topic) for hit in hits)
        assert {hit.passage.audience for hit in hits} == {audience}
    found = knowledge.find_evidence(VERIFIED_QUESTION, scope)
    assert found.is_verified
    assert MARKS[audience] in found.evidence.lines[0].text


def test_nobody_without_an_audience_sees_anything(knowledge: Knowledge) -> None:
    nobody = Scope(frozenset())
    assert knowledge.search("margin", nobody, 50) == []
    assert knowledge.find_evidence(VERIFIED_QUESTION, nobody).evidence.lines == ()
    assert list(knowledge.passages(nobody)) == []


def test_groups_are_in_neither_of_the_usual_scopes(knowledge: Knowledge) -> None:
    for scope in (CUSTOMER_SCOPE, STAFF_SCOPE):
        assert not any(audience.is_group for audience in scope.audiences)
        assert {passage.audience for passage in knowledge.passages(scope)} == scope.audiences


def test_the_groups_that_documents_are_meant_for_are_known(knowledge: Knowledge) -> None:
    assert knowledge.groups() == {audience for audience in AUDIENCES if audience.is_group}
