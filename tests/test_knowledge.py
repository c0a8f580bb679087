"""What editors promise readers: everything may be published, every topic is there, and two languages say the same."""

import re
from datetime import UTC, datetime

import pytest

from indexer.article import Article, Audience, Language, footnotes, rate_ids
from indexer.checks import check_knowledge, lix, plain_text
from indexer.knowledge_base import KnowledgeBase

BODY_NUMBERS = re.compile(r"\d+")


def pairs(knowledge: KnowledgeBase) -> list[tuple[Article, Article]]:
    bokmal = {(a.topic, a.audience): a for a in knowledge.articles if a.language is Language.BOKMAL}
    return [(bokmal[a.topic, a.audience], a) for a in knowledge.articles if a.language is Language.NYNORSK]


def test_nothing_stops_publication(knowledge: KnowledgeBase) -> None:
    assert [str(f) for f in check_knowledge(knowledge, datetime.now(UTC).date())] == []


def test_every_topic_has_an_article_for_families_in_both_written_standards(knowledge: KnowledgeBase) -> None:
    for language in (Language.BOKMAL, Language.NYNORSK):
        there = {a.topic for a in knowledge.articles if a.audience is Audience.PARENT and a.language is language}
        assert knowledge.topics.keys() - there == set()


def test_every_article_for_families_and_young_people_has_its_nynorsk_version(knowledge: KnowledgeBase) -> None:
    wanted = {
        (a.topic, a.audience)
        for a in knowledge.articles
        if a.language is Language.BOKMAL and a.audience is not Audience.PROFESSIONAL
    }
    there = {(a.topic, a.audience) for a in knowledge.articles if a.language is Language.NYNORSK}
    assert wanted - there == set()


def test_young_people_and_professionals_have_their_own_versions(knowledge: KnowledgeBase) -> None:
    sectors = {t.id: t.sector for t in knowledge.topics.values()}
    for audience, sector, others in ((Audience.YOUTH, "ung", 40), (Audience.PROFESSIONAL, "tjenesteyter", 30)):
        there = {a.topic for a in knowledge.articles if a.audience is audience and a.language is Language.BOKMAL}
        own = {t for t, s in sectors.items() if s == sector}
        assert own - there == set()
        assert len(there - own) >= others


def test_the_two_written_standards_have_the_same_sources_rates_and_sections(knowledge: KnowledgeBase) -> None:
    for bokmal, nynorsk in pairs(knowledge):
        where = str(nynorsk.path.name)
        assert {s.id: s.url for s in bokmal.sources} == {s.id: s.url for s in nynorsk.sources}, where
        assert [s.facet for s in bokmal.sections] == [s.facet for s in nynorsk.sections], where
        for one, other in zip(bokmal.sections, nynorsk.sections, strict=True):
            assert sorted(footnotes(one.body)) == sorted(footnotes(other.body)), (where, one.heading)
            assert sorted(rate_ids(one.body)) == sorted(rate_ids(other.body)), (where, one.heading)
            assert sorted(BODY_NUMBERS.findall(one.body)) == sorted(BODY_NUMBERS.findall(other.body)), (where, one.heading)


@pytest.mark.parametrize(("audience", "most"), [(Audience.YOUTH, 32), (Audience.PARENT, 40)])
def test_readers_meet_plain_language_on_average(knowledge: KnowledgeBase, audience: Audience, most: float) -> None:
    figures = [lix(plain_text(a)) for a in knowledge.articles if a.audience is audience]
    assert sum(figures) / len(figures) <= most


def test_every_named_condition_can_be_asked_about(knowledge: KnowledgeBase) -> None:
    assert 60 <= len(knowledge.facts) <= 90
    assert {c.fact for a in knowledge.articles for c in a.conditions} <= knowledge.facts


def test_all_kommuner_are_there(knowledge: KnowledgeBase) -> None:
    assert len(knowledge.kommuner) == 357
    assert len({k.number for k in knowledge.kommuner}) == 357
    assert len({k.fylke for k in knowledge.kommuner}) == 15
