"""Composes a reply from an article's own paragraphs, with the sources they name. Adds no facts and words nothing about the topic itself.

An answer without a source does not go out: `compose` returns None and the turn abstains.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from api.chat.conversation import Draft, Option, Sender, ShownSource, Status
from api.chat.reply_texts import ReplyTexts
from indexer.article import Article, Audience, Block, Facet, Language, Section, Source, without_footnotes
from indexer.knowledge_base import KnowledgeBase

_LEAD_BLOCKS = 2
"""How much of «Hva er det?» follows the direct answer when nothing narrower was asked."""
_FALLBACKS: Mapping[Facet, tuple[Facet, ...]] = {
    Facet.CONTACT: (Facet.APPLY,),
    Facet.APPLY: (Facet.CONTACT,),
    Facet.AMOUNT: (Facet.WHO,),
    Facet.DEADLINE: (Facet.APPLY,),
    Facet.COMPLAINT: (),
    Facet.WHO: (Facet.WHAT,),
    Facet.WHAT: (),
    Facet.LAW: (),
}
_NEXT = (Facet.APPLY, Facet.WHO, Facet.AMOUNT, Facet.DEADLINE, Facet.COMPLAINT, Facet.CONTACT, Facet.LAW)
_MOST_NEXT = 3
_MOST_SOURCES = 6
_PARAGRAPH_OF_LAW = re.compile(r"§+\s*\d[\w\s-]*")

PERSON = "person"
NONE_OF_THESE = "ingen"
TOPIC = "tema:"


class Answers:
    """Every published article, ready to answer from."""

    def __init__(self, knowledge: KnowledgeBase, texts: ReplyTexts, today: date) -> None:
        self._knowledge = knowledge
        self._texts = texts
        self._articles: dict[tuple[str, str, str], Article] = {
            (a.topic, a.audience, a.language): a for a in knowledge.published(today)
        }
        self.topics = frozenset(topic for topic, _, _ in self._articles)

    def article(self, topic: str, audience: Audience, language: Language) -> Article | None:
        """The version nearest to this reader: their own audience before another, their language before bokmål."""
        audiences = dict.fromkeys((audience, Audience.PARENT, Audience.YOUTH, Audience.PROFESSIONAL))
        languages = dict.fromkeys((language, Language.BOKMAL, Language.NYNORSK))
        wanted = ((topic, a, lang) for a in audiences for lang in languages)
        return next((self._articles[key] for key in wanted if key in self._articles), None)

    def title(self, topic: str, audience: Audience, language: Language) -> str:
        article = self.article(topic, audience, language)
        return article.title if article else self._knowledge.topics[topic].name

    def compose(
        self, topic: str, facet: Facet, audience: Audience, language: Language, *, continued: bool = False
    ) -> Draft | None:
        """The direct answer and the section asked for; only the section when the talk is already about this topic (`continued`)."""
        article = self.article(topic, audience, language)
        if article is None:
            return None
        section = _section(article, facet)
        blocks = _blocks(section, facet)
        exact = section is not None and section.facet is facet
        lead = "" if continued and exact else article.short
        if not exact and facet is not Facet.WHAT:
            lead = f"{self._texts.get('mangler-del', language, audience, tema=article.title)}\n\n{article.short}"
        sources = _sources(article, blocks)
        if not sources:
            return None
        parts = [self._frame(article, audience, language), lead, _joined(blocks)]
        return Draft(
            sender=Sender.BOT,
            text="\n\n".join(part for part in parts if part),
            language=article.language,
            status=Status.ANSWER,
            facet=facet,
            sources=tuple(shown_source(s, topic) for s in sources[:_MOST_SOURCES]),
            options=tuple(self._options(article, facet, audience, language)),
        )

    def _frame(self, article: Article, audience: Audience, language: Language) -> str:
        if language is not Language.ENGLISH:
            return ""
        institution = self._knowledge.institutions.get(article.decided_by or "")
        decides = self._texts.get("avgjores-av", language, audience, instans=institution.name("nb")) if institution else ""
        return self._texts.get("engelsk-ramme", language, audience, tema=article.title, avgjores=decides)

    def _options(self, article: Article, facet: Facet, audience: Audience, language: Language) -> Iterable[Option]:
        there = [f for f in _NEXT if f is not facet and article.section(f)]
        for following in there[:_MOST_NEXT]:
            label = self._texts.get(f"fasett-{following}", language, audience)
            yield Option(label, f"{TOPIC}{article.topic}/{following}")
        yield Option(self._texts.get("snakk-med-person", language, audience), PERSON)


def _section(article: Article, facet: Facet) -> Section | None:
    wanted = (facet, *_FALLBACKS[facet])
    return next((s for f in wanted if (s := article.section(f))), None)


def _blocks(section: Section | None, facet: Facet) -> tuple[Block, ...]:
    if section is None:
        return ()
    return section.blocks[:_LEAD_BLOCKS] if section.facet is Facet.WHAT else section.blocks


def _joined(blocks: Iterable[Block]) -> str:
    text, previous = "", None
    for block in blocks:
        if previous is not None:
            text += "\n" if block.is_item and previous.is_item else "\n\n"
        text += without_footnotes(block.text).strip()
        previous = block
    return text


def _sources(article: Article, blocks: Iterable[Block]) -> list[Source]:
    """Those of the paragraphs shown; where only the direct answer is shown, those that the article as a whole rests on."""
    named = article.sources_of("".join(f"[^{i}]" for block in blocks for i in block.source_ids))
    return list(named or article.sources)


def shown_source(source: Source, topic: str) -> ShownSource:
    section = _PARAGRAPH_OF_LAW.search(source.title)
    return ShownSource(
        id=source.id,
        title=source.title,
        publisher=source.publisher,
        url=source.url,
        section=section[0].strip() if section else None,
        kind=source.kind,
        checked=source.checked.isoformat(),
        topic=topic,
    )
