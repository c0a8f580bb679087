"""Everything in `knowledge/`, read once into frozen values. Reading never changes a file and never guesses: what is unknown stays None.

Files that cannot be read are collected as `unreadable`, so that one broken article neither hides the others nor goes unnoticed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from pathlib import Path
from typing import Any

from indexer.article import Article, ArticleUnreadable, Audience, Language, read_article, with_rates
from indexer.law_words import LawWords
from indexer.yaml_file import YamlBroken, read_yaml, reading_much

DAYS = ("man", "tir", "ons", "tor", "fre", "lor", "son")


class KnowledgeUnreadable(Exception):
    """`knowledge/` is missing or one of its own files (not an article) is broken: nothing can start without it."""


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    sector: str
    name: str


@dataclass(frozen=True, slots=True)
class Institution:
    """Who decides or helps. `contact` maps a kind (telefon, side) to its value."""

    id: str
    names: Mapping[str, str]
    level: str
    complaint_to: str | None = None
    contact: Mapping[str, str] = field(default_factory=dict)

    def name(self, language: str) -> str:
        return self.names.get(language, self.names["nb"])


@dataclass(frozen=True, slots=True)
class Rate:
    """An amount with the days it holds, as words in each language."""

    id: str
    texts: Mapping[str, str]
    valid_from: date | None
    valid_to: date | None
    source_url: str | None


@dataclass(frozen=True, slots=True)
class Helpline:
    """A door to a human. `hours` is a list of (weekday 0-6, opens, closes), or None where nobody could verify them."""

    id: str
    names: Mapping[str, str]
    phone: str | None
    chat_url: str | None
    audiences: frozenset[str]
    dangers: frozenset[str]
    descriptions: Mapping[str, str]
    hours: tuple[tuple[int, time, time], ...] | None
    always_open: bool
    checked: date
    source_url: str


@dataclass(frozen=True, slots=True)
class Kommune:
    number: str
    name: str
    other_names: tuple[str, ...]
    fylke: str
    coordinating_unit: Mapping[str, Any] | None
    barnekoordinator: Mapping[str, Any] | None
    districts: tuple[str, ...] = ()


SAID_ON, SAID_ALONE = "videre", "alene"
"""How `samtaleeksempler.yml` says that a line needs what was said before, or does not."""


@dataclass(frozen=True, slots=True)
class TalkLine:
    """What someone says in a conversation about `current_topic`, or first of all (None), and the `topic` of the answer it asks for. `goes_on`: it
    cannot be understood by itself; said first of all, it is too vague to answer, and has no topic."""

    text: str
    current_topic: str | None
    topic: str | None
    goes_on: bool


@dataclass(frozen=True, slots=True)
class ExampleQuestion:
    """How somebody asked about a topic, in their own words: search and training data."""

    text: str
    topic: str
    audience: str
    language: str
    style: str


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    folder: Path
    topics: Mapping[str, Topic]
    articles: tuple[Article, ...]
    unreadable: tuple[ArticleUnreadable, ...]
    institutions: Mapping[str, Institution]
    rates: Mapping[str, Rate]
    helplines: tuple[Helpline, ...]
    kommuner: tuple[Kommune, ...]
    questions: tuple[ExampleQuestion, ...]
    facts: frozenset[str]
    reply_texts: Mapping[str, Any]
    starting_points: Mapping[str, tuple[str, ...]]
    """For each audience, the topics to offer whoever does not know where to begin."""
    law_words: LawWords

    def published(self, today: date) -> tuple[Article, ...]:
        """The articles readers may see today, with their rates filled in: those past their next check are held back."""
        return tuple(self._with_rates(a) for a in self.articles if a.next_check >= today)

    def _with_rates(self, article: Article) -> Article:
        words = {r.id: r.texts.get(article.language, r.texts["nb"]) for r in self.rates.values()}
        return with_rates(article, words)


@reading_much()
def load_knowledge(folder: Path) -> KnowledgeBase:
    """Reads all of `folder`. Raises `KnowledgeUnreadable`; broken articles are returned in `unreadable` instead."""
    if not (folder / "tema.yml").is_file():
        raise KnowledgeUnreadable(f"no knowledge in {folder}: tema.yml is missing")
    articles: list[Article] = []
    broken: list[ArticleUnreadable] = []
    for path in sorted(folder.glob("artikler/*/*.md")):
        try:
            articles.append(read_article(path))
        except ArticleUnreadable as error:
            broken.append(error)
    topics = {t["id"]: Topic(t["id"], s["sektor"], t["navn"]) for s in _read(folder / "tema.yml") for t in s["tema"]}
    return KnowledgeBase(
        folder=folder,
        topics=topics,
        articles=tuple(articles),
        unreadable=tuple(broken),
        institutions={i["id"]: _institution(i) for i in _read(folder / "instanser.yml")},
        rates={r["id"]: _rate(r) for r in _read(folder / "satser.yml")},
        helplines=tuple(_helpline(h) for h in _read(folder / "hjelpetelefoner.yml")),
        kommuner=tuple(_kommune(k) for k in _read(folder / "kommuner.yml")),
        questions=tuple(_questions(folder, articles)),
        facts=frozenset(f["id"] for f in _read(folder / "fakta.yml")),
        reply_texts=_read(folder / "svartekster.yml") or {},
        law_words=LawWords(_read(folder / "ordlister" / "lovord.yml") or {}),
        starting_points={audience: tuple(topics) for audience, topics in dict(_read(folder / "startpunkter.yml")).items()},
    )


def _read(path: Path) -> Any:
    """The parsed file; an empty list where it does not exist yet."""
    try:
        return read_yaml(path) or []
    except YamlBroken as error:
        raise KnowledgeUnreadable(f"{path}:{error.line}: {error.reason}") from None


def _institution(entry: Mapping[str, Any]) -> Institution:
    return Institution(
        entry["id"],
        entry["navn"],
        entry["niva"],
        entry.get("klage_til"),
        {k: str(v) for k, v in (entry.get("kontakt") or {}).items()},
    )


def _rate(entry: Mapping[str, Any]) -> Rate:
    texts = entry["tekst"] if isinstance(entry["tekst"], dict) else {"nb": entry["tekst"]}
    source = entry.get("kilde") or {}
    return Rate(entry["id"], texts, entry.get("gyldig_fra"), entry.get("gyldig_til"), source.get("url"))


def _helpline(entry: Mapping[str, Any]) -> Helpline:
    hours = entry.get("apent")
    return Helpline(
        id=entry["id"],
        names=entry["navn"],
        phone=entry.get("telefon"),
        chat_url=entry.get("chat"),
        audiences=frozenset(entry.get("for") or ()),
        dangers=frozenset(entry.get("farer") or ()),
        descriptions=entry.get("beskrivelse") or {},
        hours=None if hours is None else tuple(span for line in hours for span in _hours(line)),
        always_open=bool(entry.get("dognapen")),
        checked=entry["kilde"]["kontrollert"],
        source_url=entry["kilde"]["url"],
    )


def _hours(line: Mapping[str, Any]) -> list[tuple[int, time, time]]:
    return [(DAYS.index(day), _clock(line["fra"]), _clock(line["til"])) for day in line["dager"]]


def _clock(text: str) -> time:
    """Midnight at the end of a day is written 24:00 by editors and kept as the day's last minute."""
    return time(23, 59) if text == "24:00" else time.fromisoformat(text)


def _kommune(entry: Mapping[str, Any]) -> Kommune:
    return Kommune(
        number=entry["nummer"],
        name=entry["navn"],
        other_names=tuple(entry.get("andre_navn") or ()),
        fylke=entry["fylke"],
        coordinating_unit=entry.get("koordinerende_enhet"),
        barnekoordinator=entry.get("barnekoordinator"),
        districts=tuple(entry.get("bydeler") or ()),
    )


def _questions(folder: Path, articles: list[Article]) -> list[ExampleQuestion]:
    """Those of the articles and those of `sporsmal/`, each text once a topic."""
    found: dict[tuple[str, str], ExampleQuestion] = {}
    for article in articles:
        for text in article.questions:
            found.setdefault(
                (article.topic, text), ExampleQuestion(text, article.topic, article.audience, article.language, "question")
            )
    for path in sorted(folder.glob("sporsmal/*.yml")):
        for entry in _read(path):
            question = ExampleQuestion(
                str(entry["t"]),
                path.stem,
                str(entry.get("m", Audience.PARENT)),
                str(entry.get("s", Language.BOKMAL)),
                str(entry.get("stil", "question")),
            )
            found.setdefault((question.topic, question.text), question)
    return list(found.values())
