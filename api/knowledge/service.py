"""The knowledge as readers see it: published articles, topics, search results. One snapshot, replaced whole when knowledge changes."""

from dataclasses import dataclass
from datetime import date

from api.chat.answer import Answers
from indexer.article import Article, Audience, Facet, Language
from indexer.knowledge_base import Helpline, KnowledgeBase
from indexer.matching import Question, TopicMatcher

_PASSAGES_A_MATCH = 2


@dataclass(frozen=True, slots=True)
class TopicSummary:
    id: str
    title: str
    sector: str
    audiences: tuple[str, ...]
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """A topic found, with the parts of its article that answer best. `article` is never None."""

    topic: str
    title: str
    confidence: float
    article: Article
    facets: tuple[Facet, ...]


class KnowledgeService:
    def __init__(self, base: KnowledgeBase, answers: Answers, matcher: TopicMatcher, today: date) -> None:
        self.base = base
        self.answers = answers
        self._matcher = matcher
        self._published = base.published(today)

    def topics(self) -> list[TopicSummary]:
        """The topics that have a published article, in the order of tema.yml."""
        found = []
        for topic in self.base.topics.values():
            versions = [a for a in self._published if a.topic == topic.id]
            if versions:
                audiences = tuple(dict.fromkeys(str(a.audience) for a in versions))
                languages = tuple(dict.fromkeys(str(a.language) for a in versions))
                found.append(TopicSummary(topic.id, versions[0].title, topic.sector, audiences, languages))
        return found

    def versions(self, topic: str) -> list[Article]:
        return [a for a in self._published if a.topic == topic]

    def article(self, topic: str, audience: Audience, language: Language) -> Article | None:
        return self.answers.article(topic, audience, language)

    def helplines(self) -> tuple[Helpline, ...]:
        return self.base.helplines

    def search(self, text: str, audience: Audience, language: Language, limit: int) -> tuple[list[FoundTopic], bool]:
        """Topics that fit `text`, best first, and whether the search was degraded. Nothing that is not published is found."""
        matches = self._matcher.match(Question(text, audience, language, None))
        found = []
        for topic, confidence in zip(matches.topics, matches.confidences, strict=True):
            article = self.article(topic, audience, language)
            if article is not None:
                facets = (Facet.WHAT, *(s.facet for s in article.sections if s.facet is not Facet.WHAT))
                found.append(FoundTopic(topic, article.title, confidence, article, facets[:_PASSAGES_A_MATCH]))
        return found[:limit], matches.degraded
