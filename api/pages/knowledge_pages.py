"""The pages' content from the published knowledge. Search, danger and opening hours are handed in: this feature imports no other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from api.pages.content import (
    ArticlePage,
    Door,
    Fact,
    PageSection,
    PageSource,
    SearchHit,
    SearchPage,
    Sector,
    TopicLink,
    Version,
)
from api.pages.markdown import ArticleMarkdown, plain
from api.pages.words import ARTICLE_LABELS, EXAMPLES, SECTOR_NAMES
from indexer.article import Article, Audience, Language, Source
from indexer.knowledge_base import Helpline, KnowledgeBase
from indexer.law_words import LawWord

_MOST_DOORS = 4
_MOST_HITS = 10
_DOORS_BY_AUDIENCE = {
    Audience.PARENT: ("113", "116 117", "116 123", "116 111"),
    Audience.YOUTH: ("116 111", "113", "116 123", "116 117"),
    Audience.PROFESSIONAL: ("113", "112", "116 117", "116 111"),
}


@dataclass(frozen=True, slots=True)
class PagePorts:
    """What the pages borrow from the rest of the api.

    `search` gives topic ids, best first, and whether the search was degraded; `danger_doors` is empty where the words are no cry for
    help; `hours` gives the opening hours as words and whether it is open now, None where unknown; `chat_is_on` is False while it is
    switched off.
    """

    search: Callable[[str, Audience, Language], tuple[Sequence[str], bool]]
    danger_doors: Callable[[str, Audience], Sequence[Helpline]]
    hours: Callable[[Helpline], tuple[str | None, bool | None]]
    chat_is_on: Callable[[], bool]


class KnowledgePages:
    """Implements `PageContent`. One snapshot: built again when knowledge changes."""

    def __init__(self, base: KnowledgeBase, today: date, ports: PagePorts) -> None:
        self._base, self._ports = base, ports
        self._versions: dict[str, list[Article]] = {}
        for article in base.published(today):
            self._versions.setdefault(article.topic, []).append(article)

    def sectors(self) -> tuple[Sector, ...]:
        found: dict[str, list[TopicLink]] = {}
        for topic in self._base.topics.values():
            if topic.id in self._versions:
                found.setdefault(topic.sector, []).append(TopicLink(topic.id, topic.name))
        return tuple(Sector(i, SECTOR_NAMES.get(i, i.capitalize()), tuple(topics)) for i, topics in found.items())

    def article(self, topic: str, audience: Audience, language: Language) -> ArticlePage | None:
        article = self._nearest(topic, audience, language)
        return None if article is None else self._page(article)

    def search(self, query: str, audience: Audience) -> SearchPage:
        danger = self._ports.danger_doors(query, audience) if query else ()
        topics, degraded = self._ports.search(query, audience, Language.BOKMAL) if query else ((), False)
        hits = [a for t in topics if (a := self._nearest(t, audience, Language.BOKMAL)) is not None]
        return SearchPage(
            query=query,
            hits=tuple(SearchHit(a.topic, a.title, a.short) for a in hits[:_MOST_HITS]),
            doors=tuple(self._door(h) for h in danger),
            degraded=degraded,
        )

    def doors(self, audience: Audience) -> tuple[Door, ...]:
        by_phone = {h.phone: h for h in self._base.helplines}
        wanted = [by_phone[p] for p in _DOORS_BY_AUDIENCE[audience] if p in by_phone]
        return tuple(self._door(h) for h in wanted[:_MOST_DOORS])

    def chat_is_on(self) -> bool:
        return self._ports.chat_is_on()

    def examples(self, audience: Audience) -> tuple[str, ...]:
        return EXAMPLES[audience]

    def _nearest(self, topic: str, audience: Audience, language: Language) -> Article | None:
        """The right audience matters more than the right language, and the parents' version in bokmål is what there is most of."""
        order = (Audience.PARENT, Audience.PROFESSIONAL, Audience.YOUTH)
        languages = (Language.BOKMAL, Language.NYNORSK, Language.ENGLISH)
        return min(
            self._versions.get(topic, ()),
            key=lambda a: (
                a.audience is not audience,
                order.index(a.audience),
                a.language is not language,
                languages.index(a.language),
            ),
            default=None,
        )

    def _page(self, article: Article) -> ArticlePage:
        labels = ARTICLE_LABELS[article.language]
        sources = _numbered(article)
        markdown = ArticleMarkdown({source.id: number for number, source in sources}, labels["kilde"])
        return ArticlePage(
            topic=article.topic,
            title=article.title,
            audience=article.audience,
            language=article.language,
            short=plain(article.short),
            facts=self._facts(article),
            sections=tuple(PageSection(s.facet, s.heading, markdown.html(s.body), plain(s.body)) for s in article.sections),
            sources=tuple(PageSource(n, s.title, s.publisher, s.url, s.checked) for n, s in sources),
            law_words=self._law_words(article),
            see_also=tuple(TopicLink(t, self._base.topics[t].name) for t in article.see_also if t in self._versions),
            versions=tuple(Version(a.audience, a.language, a is article) for a in self._versions[article.topic]),
            checked=min((s.checked for s in article.sources), default=article.next_check),
            decided_by=self._institution(article.decided_by, article.language),
            apply_url=article.apply_url,
            labels=labels,
        )

    def _law_words(self, article: Article) -> tuple[LawWord, ...]:
        """Professionals know them."""
        if article.audience is Audience.PROFESSIONAL:
            return ()
        return self._base.law_words.used_in(
            "\n".join(plain(text) for text in (article.short, *(s.body for s in article.sections)))
        )

    def _facts(self, article: Article) -> tuple[Fact, ...]:
        labels = ARTICLE_LABELS[article.language]
        facts = []
        if decides := self._institution(article.decided_by, article.language):
            facts.append(Fact(labels["avgjores-av"], decides))
        if article.apply_url:
            facts.append(Fact(labels["sok"], labels["sok-her"], article.apply_url))
        if complaint := self._institution(article.complaint_to, article.language):
            facts.append(Fact(labels["klage-til"], complaint))
        return tuple(facts)

    def _institution(self, institution: str | None, language: Language) -> str | None:
        found = self._base.institutions.get(institution or "")
        return found.name(language) if found else None

    def _door(self, helpline: Helpline) -> Door:
        hours, open_now = self._ports.hours(helpline)
        return Door(
            id=helpline.id,
            name=helpline.names["nb"],
            description=helpline.descriptions.get("nb", ""),
            phone=helpline.phone,
            chat_url=helpline.chat_url,
            hours=hours,
            open_now=open_now,
        )


def _numbered(article: Article) -> list[tuple[int, Source]]:
    """In the order the text first names them; those it never names come last."""
    named = article.sources_of("".join(s.body for s in article.sections))
    unnamed = tuple(s for s in article.sources if s not in named)
    return list(enumerate((*named, *unnamed), start=1))
