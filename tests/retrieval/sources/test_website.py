"""A website read by its sitemap, within its host, as robots.txt allows; private addresses are refused."""

import gzip
import ipaddress
import time
from contextlib import closing
from dataclasses import replace
from datetime import date

import pytest

from retrieval.knowledge import Knowledge
from retrieval.passage import CUSTOMER_SCOPE, Audience
from retrieval.sources import website
from retrieval.sources.fetch import Fetcher, UnreachableError, is_public
from retrieval.sources.registry import Source, SourceKind
from retrieval.store.source_sync import IngestReport
from retrieval.upkeep import Outcome, Upkeep
from tests.retrieval.sources.site import Answer, Site


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(website, "PAUSE_SECONDS", 0.0)


@pytest.fixture
def site(site: Site) -> Site:
    site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /private/\n", "text/plain")
    site.pages["/help/moss"] = Answer("<main><h1>Moss</h1><p>The Moss mows lawns.</p></main>")
    site.pages["/help/heron"] = Answer("# Heron\nThe Heron cleans pools.\n", "text/markdown")
    site.map_pages("/help/moss", "/help/heron")
    return site


def sync(upkeep: Upkeep, site: Site, path: str = "/") -> Outcome:
    if not upkeep.sources():
        upkeep.add(Source("help", SourceKind.WEBSITE, f"{site.address}{path}", Audience.CUSTOMER, 24))
    return upkeep.sync("help")


def report(upkeep: Upkeep, site: Site, path: str = "/") -> IngestReport:
    found = sync(upkeep, site, path).report
    assert found is not None
    return found


def texts(knowledge: Knowledge) -> set[str]:
    return {hit.passage.text for hit in knowledge.search("Moss Heron mows cleans lawns pools", CUSTOMER_SCOPE, 20)}


def test_the_pages_of_the_sitemap_are_read_with_their_address_and_day(
    upkeep: Upkeep, site: Site, knowledge: Knowledge
) -> None:
    assert report(upkeep, site).added == 2
    (hit, *_) = knowledge.search("Moss lawns", CUSTOMER_SCOPE, 1)
    passage = hit.passage
    assert (passage.title, passage.url, passage.updated) == ("Moss", f"{site.address}/help/moss", date(2026, 3, 1))
    assert (passage.source, passage.audience) == ("help:/help/moss", Audience.CUSTOMER)


def test_a_second_look_reads_only_what_changed_and_drops_what_is_gone(
    upkeep: Upkeep, site: Site, knowledge: Knowledge
) -> None:
    report(upkeep, site)
    site.pages["/help/moss"] = Answer("<main><h1>Moss</h1><p>The Moss mows meadows.</p></main>")
    site.map_pages("/help/moss")
    again = report(upkeep, site)
    assert (again.added, again.changed, again.removed) == (0, 1, 1)
    assert texts(knowledge) == {"The Moss mows meadows."}


def test_what_robots_txt_forbids_is_not_asked_for(upkeep: Upkeep, site: Site) -> None:
    site.pages["/private/margins"] = Answer("<p>Secret.</p>")
    site.map_pages("/help/moss", "/private/margins")
    found = report(upkeep, site)
    assert [problem.reason for problem in found.unreadable] == ["The site's robots.txt asks not to read it."]
    assert "/private/margins" not in site.asked


def test_a_site_that_forbids_everything_is_left_alone(upkeep: Upkeep, site: Site) -> None:
    site.pages["/robots.txt"] = Answer("no", status=403)
    assert report(upkeep, site).added == 0
    assert "/help/moss" not in site.asked


def test_other_hosts_and_places_above_are_left_alone(upkeep: Upkeep, site: Site, knowledge: Knowledge) -> None:
    site.pages["/shop"] = Answer("<p>The shop sells.</p>")
    site.pages["/help/away"] = Answer("", status=302, location="http://other.example/x")
    site.map_pages("/help/moss", "/shop", "/help/away")
    found = report(upkeep, site, "/help/")
    assert texts(knowledge) == {"The Moss mows lawns."}
    assert [problem.reason for problem in found.unreachable] == [
        "The page cannot be fetched: it leads to another host."
    ]


def test_a_page_that_fails_for_now_keeps_what_is_indexed_and_a_lost_one_does_not(
    upkeep: Upkeep, site: Site, knowledge: Knowledge
) -> None:
    report(upkeep, site)
    site.pages["/help/moss"] = Answer("busy", status=503)
    site.pages["/help/heron"] = Answer("gone", status=410)
    found = report(upkeep, site)
    assert (found.removed, len(found.unreachable), len(found.unreadable)) == (1, 1, 1)
    assert texts(knowledge) == {"The Moss mows lawns."}


def test_a_site_that_is_down_keeps_everything_and_says_so(upkeep: Upkeep, site: Site, knowledge: Knowledge) -> None:
    report(upkeep, site)
    site.pages["/robots.txt"] = Answer("busy", status=503)
    outcome = sync(upkeep, site)
    assert "robots.txt answers 503" in outcome.reason
    assert len(texts(knowledge)) == 2


def test_a_page_cannot_choose_a_wider_audience(upkeep: Upkeep, site: Site, knowledge: Knowledge) -> None:
    site.pages["/help/heron"] = Answer("---\naudience: public\n---\nThe Heron cleans pools.\n", "text/markdown")
    upkeep.add(Source("help", SourceKind.WEBSITE, f"{site.address}/", Audience.STAFF, 24))
    assert upkeep.sync("help").report
    assert texts(knowledge) == set()


def test_without_a_sitemap_the_page_itself_is_read(upkeep: Upkeep, site: Site, knowledge: Knowledge) -> None:
    del site.pages["/sitemap.xml"]
    report(upkeep, site, "/help/moss")
    assert texts(knowledge) == {"The Moss mows lawns."}


def test_a_site_without_a_sitemap_from_the_first_look_on_has_no_problem(upkeep: Upkeep, site: Site) -> None:
    del site.pages["/sitemap.xml"]
    for _ in range(2):
        outcome = sync(upkeep, site, "/help/moss")
        assert outcome.report is not None
        assert (outcome.reason, outcome.report.unreachable) == ("", ())


@pytest.mark.parametrize(
    ("place", "status"),
    [("/sitemap.xml", 403), ("/sitemap.xml", 429), ("/sitemap.xml", 503), ("/robots.txt", 429), ("/robots.txt", 503)],
)
def test_a_sitemap_that_does_not_come_interrupts_the_look_and_says_so(
    upkeep: Upkeep, site: Site, knowledge: Knowledge, place: str, status: int
) -> None:
    report(upkeep, site)
    site.pages[place] = Answer("not now", status=status)
    outcome = sync(upkeep, site)
    assert outcome.report is None
    assert f"{place.strip('/').removesuffix('.xml')} answers {status}" in outcome.reason
    assert len(texts(knowledge)) == 2


@pytest.mark.parametrize(
    "answer",
    [
        Answer("gone", status=404),
        Answer("gone", status=410),
        Answer("<html><body>We are back soon.</body></html>"),
        Answer("<urlset></urlset>", "application/xml"),
    ],
)
def test_a_sitemap_that_is_gone_takes_no_page_along_and_that_is_said(
    upkeep: Upkeep, site: Site, knowledge: Knowledge, answer: Answer
) -> None:
    report(upkeep, site)
    site.pages["/sitemap.xml"] = answer
    site.pages["/"] = Answer("<p>The start page.</p>")
    outcome = sync(upkeep, site)
    assert outcome.report is not None
    assert (outcome.report.added, outcome.report.removed) == (1, 0)
    assert "was kept" in outcome.reason
    assert knowledge.holdings.list_syncs()["help"].problem == outcome.reason
    assert len(texts(knowledge)) == 3
    site.map_pages("/help/moss")
    assert report(upkeep, site).removed == 2
    assert knowledge.holdings.list_syncs()["help"].problem == ""


def test_a_part_of_the_sitemap_that_is_gone_takes_no_page_along(
    upkeep: Upkeep, site: Site, knowledge: Knowledge
) -> None:
    site.pages["/a.xml"] = site.pages["/sitemap.xml"]
    site.pages["/b.xml"] = Answer(f"<urlset><url><loc>{site.address}/more</loc></url></urlset>", "application/xml")
    site.pages["/more"] = Answer("<p>The Heron mows.</p>")
    rows = "".join(f"<sitemap><loc>{site.address}/{name}</loc></sitemap>" for name in ("a.xml", "b.xml"))
    site.pages["/sitemap.xml"] = Answer(f"<sitemapindex>{rows}</sitemapindex>", "application/xml")
    assert report(upkeep, site).added == 3
    del site.pages["/a.xml"]
    outcome = sync(upkeep, site)
    assert f"{site.address}/a.xml answers 404" in outcome.reason
    assert len(texts(knowledge)) == 3


def test_more_sitemaps_than_are_read_are_refused(
    upkeep: Upkeep, site: Site, monkeypatch: pytest.MonkeyPatch, knowledge: Knowledge
) -> None:
    report(upkeep, site)
    monkeypatch.setattr(website, "MAX_SITEMAPS", 2)
    rows = "".join(f"<sitemap><loc>{site.address}/{name}.xml</loc></sitemap>" for name in "ab")
    site.pages["/sitemap.xml"] = Answer(f"<sitemapindex>{rows}</sitemapindex>", "application/xml")
    outcome = sync(upkeep, site)
    assert outcome.report is None
    assert "more than 2 sitemaps" in outcome.reason
    assert len(texts(knowledge)) == 2


@pytest.mark.parametrize("target", ["/private/margins", "/shop"])
def test_a_page_that_leads_where_nothing_is_read_is_not_followed(
    upkeep: Upkeep, site: Site, knowledge: Knowledge, target: str
) -> None:
    site.pages[target] = Answer("<p>The Heron sells lawns.</p>")
    site.pages["/help/heron"] = Answer("", status=302, location=target)
    found = report(upkeep, site, "/help/")
    assert texts(knowledge) == {"The Moss mows lawns."}
    assert target not in site.asked
    assert [problem.reason for problem in found.unreachable] == [
        "The page cannot be fetched: it leads to a page that is not to be read."
    ]


def test_the_page_that_was_named_may_lead_elsewhere_on_its_site(
    upkeep: Upkeep, site: Site, knowledge: Knowledge
) -> None:
    del site.pages["/sitemap.xml"]
    site.pages["/start/"] = Answer("", status=302, location="/help/moss")
    report(upkeep, site, "/start/")
    assert texts(knowledge) == {"The Moss mows lawns."}


def test_a_sitemap_of_sitemaps_in_circles_ends(upkeep: Upkeep, site: Site, knowledge: Knowledge) -> None:
    rows = "".join(f"<sitemap><loc>{site.address}/{name}</loc></sitemap>" for name in ("a.xml", "sitemap.xml"))
    site.pages["/a.xml"] = site.pages["/sitemap.xml"]
    site.pages["/sitemap.xml"] = Answer(f"<sitemapindex>{rows}</sitemapindex>", "application/xml")
    report(upkeep, site)
    assert len(texts(knowledge)) == 2


def test_a_private_address_is_refused_unless_the_caller_lets_it_through(upkeep: Upkeep, site: Site) -> None:
    real = Upkeep(upkeep.folder, upkeep.knowledge, replace(upkeep.reach, open_fetcher=Fetcher), upkeep.clock)
    outcome = sync(real, site)
    assert outcome.report is None
    assert "private address" in outcome.reason
    assert site.asked == []


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1", "224.0.0.1", "::1", "fe80::1",
     "fc00::1", "::ffff:10.0.0.1", "2002:0a00:0001::", "64:ff9b::a00:1", "64:ff9b:1::1", "::7f00:1", "fec0::1",
     "::ffff:0:127.0.0.1", "192.0.0.8"],
)  # fmt: skip
def test_only_public_addresses_are_reached(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert is_public(ipaddress.ip_address("93.184.216.34"))


@pytest.mark.parametrize("location", ["ftp://a.example/", "http://user:pass@a.example/", "http:///x", "file:///etc"])
def test_what_is_no_web_address_is_refused(upkeep: Upkeep, location: str) -> None:
    upkeep.add(Source("help", SourceKind.WEBSITE, location, Audience.CUSTOMER, 24))
    assert "no web address" in upkeep.sync("help").reason


@pytest.mark.parametrize("location", ["https://[bad", "http://[::1/x"])
def test_an_address_that_no_parser_takes_is_refused(upkeep: Upkeep, location: str) -> None:
    upkeep.add(Source("help", SourceKind.WEBSITE, location, Audience.CUSTOMER, 24))
    assert "no web address" in upkeep.sync("help").reason
    with closing(Fetcher()) as fetcher, pytest.raises(UnreachableError, match="not one of the web"):
        fetcher.get(location)


def test_a_page_that_drips_is_given_up_and_keeps_what_is_indexed(
    upkeep: Upkeep, site: Site, knowledge: Knowledge, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(upkeep, site)
    before = knowledge.holdings.count()
    monkeypatch.setattr("retrieval.sources.fetch.PAGE_SECONDS", 0.5)
    site.pages["/help/moss"] = Answer("x" * 300, pause_seconds=0.02)  # six seconds
    started = time.monotonic()
    assert any("does not answer (ReadTimeout)" in thing.reason for thing in report(upkeep, site).unreachable)
    assert knowledge.holdings.count() == before
    assert time.monotonic() - started < 5.0


def test_a_page_that_comes_compressed_all_the_same_is_read(upkeep: Upkeep, site: Site, knowledge: Knowledge) -> None:
    site.pages["/help/moss"] = Answer(gzip.compress(b"<p>The Moss hums a tune.</p>"), coding="gzip")
    sync(upkeep, site)
    assert knowledge.search("Moss tune", CUSTOMER_SCOPE, 1)[0].passage.text == "The Moss hums a tune."


def test_a_page_in_a_coding_that_is_not_known_is_named(upkeep: Upkeep, site: Site) -> None:
    site.pages["/help/moss"] = Answer(b"\x8b\x02\x80", coding="br")
    assert any("sends it as 'br'" in thing.reason for thing in report(upkeep, site).unreachable)


def test_a_sitemap_that_unfolds_without_end_is_not_read(
    upkeep: Upkeep, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    report(upkeep, site)
    monkeypatch.setattr("retrieval.sources.website.SITEMAP_BYTES", 100_000)
    site.pages["/sitemap.xml"] = Answer(gzip.compress(b"<urlset>" + b" " * 1_000_000), "application/xml")
    assert any("is larger than 100,000 bytes" in thing.reason for thing in report(upkeep, site).unreachable)


def test_a_robots_txt_without_end_is_read_as_far_as_it_counts(
    upkeep: Upkeep, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.sources.website.ROBOTS_BYTES", 1_000)
    site.pages["/robots.txt"] = Answer("User-agent: *\nDisallow: /private\n" + "# x\n" * 100_000, "text/plain")
    assert sync(upkeep, site).report is not None
