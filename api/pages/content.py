"""What the pages show, as frozen values, and the port that gives it. The templates see nothing else, so no page can show more than this.

Text fields named `html` are already safe HTML; every other text is escaped by the templates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from markupsafe import Markup

from indexer.article import Audience, Language
from indexer.law_words import LawWord


@dataclass(frozen=True, slots=True)
class TopicLink:
    id: str
    title: str


@dataclass(frozen=True, slots=True)
class Sector:
    """A group of topics under a Norwegian heading. `id` is the `sektor` of tema.yml."""

    id: str
    name: str
    topics: tuple[TopicLink, ...]


@dataclass(frozen=True, slots=True)
class Door:
    """A helpline. `hours` and `open_now` are None where nobody could verify them."""

    id: str
    name: str
    description: str
    phone: str | None
    chat_url: str | None
    hours: str | None
    open_now: bool | None


@dataclass(frozen=True, slots=True)
class PageSource:
    """A numbered source at the foot of an article."""

    number: int
    title: str
    publisher: str
    url: str
    checked: date


@dataclass(frozen=True, slots=True)
class PageSection:
    """`id` is the anchor, `text` the same words as `html` without markup, for structured data."""

    id: str
    heading: str
    html: Markup
    text: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the facts card. `url` where it leads somewhere."""

    label: str
    value: str
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """Another version of the same article: for somebody else or in another language."""

    audience: Audience
    language: Language
    current: bool


@dataclass(frozen=True, slots=True)
class ArticlePage:
    topic: str
    title: str
    audience: Audience
    language: Language
    short: str
    facts: tuple[Fact, ...]
    sections: tuple[PageSection, ...]
    sources: tuple[PageSource, ...]
    law_words: tuple[LawWord, ...]
    see_also: tuple[TopicLink, ...]
    versions: tuple[Version, ...]
    checked: date
    decided_by: str | None
    apply_url: str | None
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SearchHit:
    topic: str
    title: str
    short: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """`doors` is not empty when the words say that someone may be in danger; they are shown first."""

    query: str
    hits: tuple[SearchHit, ...]
    doors: tuple[Door, ...]
    degraded: bool


class PageContent(Protocol):
    def sectors(self) -> tuple[Sector, ...]:
        """Those that have a published article, in the order of tema.yml."""
        ...

    def article(self, topic: str, audience: Audience, language: Language) -> ArticlePage | None:
        """The version asked for or the nearest there is; None when nothing about the topic is published."""
        ...

    def search(self, query: str, audience: Audience) -> SearchPage: ...

    def doors(self, audience: Audience) -> tuple[Door, ...]:
        """The few that stand on every page: emergency first, then somebody to talk to."""
        ...

    def chat_is_on(self) -> bool:
        """False while the chat is switched off: the front page then shows doors, search and articles only."""
        ...

    def examples(self, audience: Audience) -> tuple[str, ...]:
        """Questions as people ask them, for the front page."""
        ...
