"""One article: reads a Markdown file with Norwegian front matter into English fields, with line numbers for whoever mends it.

Guarantees that an `Article` has known audience, language and headings; whether it may be published is for `checks`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from indexer.yaml_file import YamlBroken, key_lines, parse_yaml


class Audience(StrEnum):
    PARENT = "forelder"
    YOUTH = "ung"
    PROFESSIONAL = "fagperson"


class Language(StrEnum):
    BOKMAL = "nb"
    NYNORSK = "nn"
    ENGLISH = "en"


class Facet(StrEnum):
    """Which kind of section: what the person asked about the topic."""

    WHAT = "hva"
    WHO = "hvem"
    APPLY = "soke"
    DEADLINE = "frist"
    AMOUNT = "belop"
    COMPLAINT = "klage"
    CONTACT = "kontakt"
    LAW = "lov"


class SourceKind(StrEnum):
    LAW = "lov"
    REGULATION = "forskrift"
    GUIDELINE = "veileder"
    PAGE = "side"


HEADINGS: Mapping[Language, Mapping[str, Facet]] = {
    Language.BOKMAL: {
        "Hva er det?": Facet.WHAT,
        "Hvem kan få det?": Facet.WHO,
        "Hvor mye får du?": Facet.AMOUNT,
        "Hvordan søker du?": Facet.APPLY,
        "Hvor lang tid tar det?": Facet.DEADLINE,
        "Hvis du er uenig": Facet.COMPLAINT,
        "Hvem kan hjelpe?": Facet.CONTACT,
        "Hva sier loven?": Facet.LAW,
    },
    Language.NYNORSK: {
        "Kva er det?": Facet.WHAT,
        "Kven kan få det?": Facet.WHO,
        "Kor mykje får du?": Facet.AMOUNT,
        "Korleis søkjer du?": Facet.APPLY,
        "Kor lang tid tek det?": Facet.DEADLINE,
        "Om du er usamd": Facet.COMPLAINT,
        "Kven kan hjelpe?": Facet.CONTACT,
        "Kva seier lova?": Facet.LAW,
    },
}

_FOOTNOTE = re.compile(r"\[\^([a-z0-9-]+)\]")
_RATE = re.compile(r"\{\{\s*sats\.([a-z0-9-]+)\s*\}\}")
_LIST_ITEM = re.compile(r"^\s*(?:[-*]|\d+\.)\s+")


class ArticleUnreadable(Exception):
    """The file is not an article: says which file and line, and how to mend it."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{path}:{line}: {reason}")
        self.path, self.line, self.reason = path, line, reason


@dataclass(frozen=True, slots=True)
class Source:
    """The law or official page that a paragraph rests on. `checked` is the day someone compared the two."""

    id: str
    title: str
    publisher: str
    url: str
    kind: SourceKind
    checked: date


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a list item as written, with the ids of the sources it names. `line` counts from 1 in the file."""

    text: str
    source_ids: tuple[str, ...]
    line: int
    is_item: bool


@dataclass(frozen=True, slots=True)
class Section:
    facet: Facet
    heading: str
    body: str
    line: int

    @property
    def blocks(self) -> tuple[Block, ...]:
        return tuple(_blocks(self.body, self.line + 1))


@dataclass(frozen=True, slots=True)
class Condition:
    """What a right demands of the facts: `fact` must equal `value`."""

    fact: str
    value: str
    text: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Article:
    """One Markdown file about a topic for one audience in one language. `short` is the direct answer, at most 60 words."""

    path: Path
    topic: str
    title: str
    audience: Audience
    language: Language
    short: str
    questions: tuple[str, ...]
    sources: tuple[Source, ...]
    sections: tuple[Section, ...]
    next_check: date
    decided_by: str | None = None
    complaint_to: str | None = None
    apply_url: str | None = None
    see_also: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    lines: Mapping[str, int] | None = None

    @property
    def id(self) -> str:
        return f"{self.topic}.{self.audience}.{self.language}"

    def section(self, facet: Facet) -> Section | None:
        return next((s for s in self.sections if s.facet is facet), None)

    def sources_of(self, text: str) -> tuple[Source, ...]:
        """The sources that the footnotes of `text` name, in the order they are first named."""
        wanted = dict.fromkeys(footnotes(text))
        by_id = {source.id: source for source in self.sources}
        return tuple(by_id[i] for i in wanted if i in by_id)

    def line_of(self, key: str) -> int:
        return (self.lines or {}).get(key, 1)


def footnotes(text: str) -> list[str]:
    return _FOOTNOTE.findall(text)


def without_footnotes(text: str) -> str:
    return _FOOTNOTE.sub("", text)


def rate_ids(text: str) -> list[str]:
    return _RATE.findall(text)


def with_rates(article: Article, rates: Mapping[str, str]) -> Article:
    """The article with `{{ sats.id }}` replaced by the words of `rates`; an unknown id is left standing for `checks` to find."""

    def fill(text: str) -> str:
        return _RATE.sub(lambda found: rates.get(found[1], found[0]), text)

    sections = tuple(replace(s, body=fill(s.body)) for s in article.sections)
    return replace(article, short=fill(article.short), sections=sections)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _SourceEntry(_Strict):
    id: str = Field(pattern=r"^[a-z0-9-]+$")
    tittel: str
    utgiver: str
    url: str
    type: SourceKind
    kontrollert: date


class _ConditionEntry(_Strict):
    faktum: str
    er: Any
    tekst: str
    kilde: str


class _FrontMatter(_Strict):
    tema: str
    tittel: str
    malgruppe: Audience
    sprak: Language
    kort: str
    avgjores_av: str | None = None
    klage_til: str | None = None
    sok: str | None = None
    sporsmal: list[str]
    vilkar: list[_ConditionEntry] = []
    se_ogsa: list[str] = []
    kilder: list[_SourceEntry]
    neste_kontroll: date


def read_article(path: Path) -> Article:
    """Reads one file. Raises `ArticleUnreadable` with file, line and reason when it does not have the form of an article."""
    text = path.read_text(encoding="utf-8")
    front, body, body_line = _split(path, text)
    lines = {key: line + 1 for key, line in key_lines(front).items()}
    try:
        matter = _FrontMatter.model_validate(_mapping(path, front))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        raise ArticleUnreadable(path, lines.get(str(first["loc"][0]), 1), f"{key}: {first['msg']}") from None
    return Article(
        path=path,
        topic=matter.tema,
        title=matter.tittel,
        audience=matter.malgruppe,
        language=matter.sprak,
        short=" ".join(matter.kort.split()),
        questions=tuple(matter.sporsmal),
        sources=tuple(Source(s.id, s.tittel, s.utgiver, s.url, s.type, s.kontrollert) for s in matter.kilder),
        sections=tuple(_sections(path, body, body_line, matter.sprak)),
        next_check=matter.neste_kontroll,
        decided_by=matter.avgjores_av,
        complaint_to=matter.klage_til,
        apply_url=matter.sok,
        see_also=tuple(matter.se_ogsa),
        conditions=tuple(Condition(c.faktum, str(c.er), c.tekst, c.kilde) for c in matter.vilkar),
        lines=lines,
    )


def _split(path: Path, text: str) -> tuple[str, str, int]:
    parts = text.split("---\n", 2)
    if len(parts) < 3 or parts[0].strip():
        raise ArticleUnreadable(path, 1, "a file starts with front matter between two lines of ---")
    return parts[1], parts[2], parts[1].count("\n") + 3


def _mapping(path: Path, front: str) -> dict[str, Any]:
    try:
        value = parse_yaml(front)
    except YamlBroken as error:
        raise ArticleUnreadable(path, error.line + 1, f"front matter is not YAML: {error.reason}") from None
    if not isinstance(value, dict):
        raise ArticleUnreadable(path, 2, "front matter is a list of `key: value` lines")
    return value


def _sections(path: Path, body: str, first_line: int, language: Language) -> Iterator[Section]:
    headings = HEADINGS.get(language, HEADINGS[Language.BOKMAL])
    heading, start, kept = "", first_line, []
    for number, line in enumerate([*body.splitlines(), "## "], start=first_line):
        if not line.startswith("#"):
            kept.append(line)
            continue
        if heading:
            yield Section(headings[heading], heading, "\n".join(kept).strip("\n"), _body_line(start, kept))
        elif "".join(kept).strip():
            raise ArticleUnreadable(path, start, "text before the first heading; put it under one of the fixed headings")
        heading, start, kept = line.removeprefix("## ").strip(), number, []
        if heading and heading not in headings:
            raise ArticleUnreadable(path, number, f"unknown heading «{heading}»; use one of: {', '.join(headings)}")


def _body_line(heading_line: int, kept: list[str]) -> int:
    """The line just above the first line of the body, so that block lines can be counted from it."""
    blank = next((i for i, line in enumerate(kept) if line.strip()), 0)
    return heading_line + blank


def _blocks(body: str, first_line: int) -> Iterator[Block]:
    kept: list[str] = []
    start = first_line
    for number, line in enumerate([*body.splitlines(), ""], start=first_line):
        begins_item = bool(_LIST_ITEM.match(line))
        if kept and (begins_item or not line.strip()):
            text = "\n".join(kept)
            yield Block(text, tuple(footnotes(text)), start, bool(_LIST_ITEM.match(text)))
            kept = []
        if line.strip():
            if not kept:
                start = number
            kept.append(line)
