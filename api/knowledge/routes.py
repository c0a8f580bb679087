"""Topics, search, helplines and kommuner over HTTP (http.md). Everything here is public and asks for no token."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query

from api.chat.answer import shown_source
from api.chat.helplines import shown
from api.chat.schemas import HelplineOut, SourceOut
from api.dependencies import PartsOf
from api.errors import NotFound
from api.knowledge.schemas import (
    ArticleOut,
    CardOut,
    HelplinesOut,
    KommuneOut,
    KommunerOut,
    MatchOut,
    PassageOut,
    SearchOut,
    SectionOut,
    TopicOut,
    TopicsOut,
)
from indexer.article import Article, Audience, Facet, Language, Source, without_footnotes

router = APIRouter(prefix="/api/v1", tags=["knowledge"])

AudienceOf = Annotated[Audience, Query()]
LanguageOf = Annotated[Language, Query()]


@router.get("/search")
def search(
    parts: PartsOf,
    q: Annotated[str, Query(min_length=1, max_length=500)],
    audience: AudienceOf = Audience.PARENT,
    language: LanguageOf = Language.BOKMAL,
    kommune: Annotated[str | None, Query(max_length=4)] = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> SearchOut:
    found, degraded = parts.knowledge.search(q, audience, language, limit)
    matches = [
        MatchOut(topic=f.topic, title=f.title, confidence=f.confidence, passages=_passages(f.article, f.facets)) for f in found
    ]
    return SearchOut(matches=matches, degraded=degraded)


@router.get("/topics")
def topics(parts: PartsOf) -> TopicsOut:
    return TopicsOut(topics=[TopicOut(**asdict(t)) for t in parts.knowledge.topics()])


@router.get("/topics/{topic_id}")
def topic(
    parts: PartsOf, topic_id: str, audience: AudienceOf = Audience.PARENT, language: LanguageOf = Language.BOKMAL
) -> ArticleOut:
    article = parts.knowledge.article(topic_id, audience, language)
    if article is None:
        raise NotFound("Det finnes ingen kontrollert artikkel om dette temaet.")
    sections = [
        SectionOut(
            facet=s.facet,
            heading=s.heading,
            text=without_footnotes(s.body),
            sources=_sources(article, article.sources_of(s.body)),
        )
        for s in article.sections
    ]
    return ArticleOut(
        topic=article.topic,
        title=article.title,
        audience=article.audience,
        language=article.language,
        short=article.short,
        sections=sections,
        sources=_sources(article, article.sources),
        see_also=list(article.see_also),
        card=CardOut(
            decided_by=article.decided_by,
            complaint_to=article.complaint_to,
            apply_url=article.apply_url,
            checked=min((s.checked.isoformat() for s in article.sources), default=None),
        ),
        next_check=article.next_check.isoformat(),
    )


@router.get("/helplines")
def helplines(parts: PartsOf, language: LanguageOf = Language.BOKMAL) -> HelplinesOut:
    now = datetime.now(UTC)
    return HelplinesOut(helplines=[HelplineOut(**asdict(shown(h, language, now))) for h in parts.knowledge.helplines()])


@router.get("/kommuner")
def kommuner(parts: PartsOf, q: Annotated[str, Query(max_length=60)] = "") -> KommunerOut:
    """The kommuner that `q` may mean; all 357 without it."""
    found = parts.kommuner.search(q, limit=10 if q.strip() else 400)
    return KommunerOut(
        kommuner=[KommuneOut(number=k.number, name=k.name, other_names=list(k.other_names), fylke=k.fylke) for k in found]
    )


def _passages(article: Article, facets: Iterable[Facet]) -> list[PassageOut]:
    passages = []
    for facet in facets:
        section = article.section(facet)
        text = section.body if section else article.short
        sources = article.sources_of(text) or article.sources
        passages.append(PassageOut(facet=facet, text=without_footnotes(text), sources=_sources(article, sources)))
    return passages


def _sources(article: Article, sources: Iterable[Source]) -> list[SourceOut]:
    return [SourceOut(**asdict(shown_source(s, article.topic))) for s in sources]
