"""What stops an article from being published (knowledge.md, «What stops publication»). Pure: reads values, returns findings.

Every finding names file, line, rule and how to mend it. An editor sees all of them at once, never just the first.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from indexer.article import Article, Audience, Block, Facet, Language, rate_ids, without_footnotes
from indexer.danger_likeness import HARMLESS
from indexer.knowledge_base import SAID_ALONE, SAID_ON, KnowledgeBase
from indexer.yaml_file import YamlBroken, item_lines, read_yaml, reading_much

SOURCE_HOLDS = timedelta(days=365)
MIN_QUESTIONS = 8
MAX_SHORT_WORDS = 60
MAX_LIX = {Audience.YOUTH: 38.0, Audience.PARENT: 45.0}
MAX_YOUTH_SENTENCE_WORDS = 14.0
NO_COMPLAINT = "ingen"

_AMOUNT = re.compile(r"\d[\d\s.,]*\s*(?:kroner|kr\b|,-|(?:prosent|%)\s+av\s+(?:G\b|grunnbeløpet)|G\b)")
_OPENING_HOURS = re.compile(
    r"(?:kl\.?|klokk[ae]n?)\s*\d{1,2}(?:[.:]\d{2})?\s*(?:–|-|til)\s*(?:kl\.?\s*)?\d{1,2}|døgnåpen", re.IGNORECASE
)
_SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|\n+")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_Values = Mapping[str, frozenset[str | None]]
"""What each key of an example may be."""


@dataclass(frozen=True, slots=True)
class Finding:
    path: Path
    line: int
    rule: str
    mend: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.mend}"


@reading_much()
def check_knowledge(base: KnowledgeBase, today: date) -> list[Finding]:
    """All findings, in the order of files and lines. An empty list means that everything may be published."""
    found = [Finding(e.path, e.line, "form", e.reason) for e in base.unreadable]
    for article in base.articles:
        found.extend(check_article(article, base, today))
    found.extend(_check_rates(base, today))
    found.extend(_check_questions(base))
    found.extend(_check_starting_points(base))
    found.extend(_check_law_words(base))
    found.extend(_check_examples(base))
    return sorted(found, key=lambda f: (str(f.path), f.line, f.rule))


def check_article(article: Article, base: KnowledgeBase, today: date) -> Iterator[Finding]:
    yield from _check_names(article, base)
    yield from _check_sources(article, today)
    yield from _check_blocks(article, base, today)
    yield from _check_language(article)
    if len(article.questions) < MIN_QUESTIONS:
        yield _at(article, "sporsmal", "sporsmal", f"write at least {MIN_QUESTIONS} questions as people ask them")
    if len(article.short.split()) > MAX_SHORT_WORDS:
        yield _at(
            article, "kort", "kort", f"shorten the direct answer to {MAX_SHORT_WORDS} words (has {len(article.short.split())})"
        )
    if article.next_check < today:
        yield _at(article, "neste_kontroll", "neste_kontroll", "compare the article with its sources again and set a new date")


def lix(text: str) -> float:
    """Words a sentence plus the percentage of words longer than six letters (Björnsson 1968)."""
    words = _WORD.findall(text)
    if not words:
        return 0.0
    return len(words) / len(_sentences(text)) + 100 * sum(len(w) > 6 for w in words) / len(words)


def plain_text(article: Article) -> str:
    """What a reader reads: the direct answer and the sections without marks, footnotes and addresses."""
    parts = [article.short, *(b.text for s in article.sections for b in s.blocks)]
    return "\n".join(_LINK.sub(r"\1", without_footnotes(part)).replace("*", "") for part in parts)


def _sentences(text: str) -> list[str]:
    return [s for s in _SENTENCE_END.split(text) if _WORD.search(s)] or [text]


def _at(article: Article, key: str, rule: str, mend: str) -> Finding:
    return Finding(article.path, article.line_of(key), rule, mend)


def _check_names(article: Article, base: KnowledgeBase) -> Iterator[Finding]:
    topic = base.topics.get(article.topic)
    if topic is None:
        yield _at(article, "tema", "tema", f"«{article.topic}» is not a topic of tema.yml")
    elif article.path.parent.name != topic.sector:
        yield _at(article, "tema", "sektor", f"move the file to artikler/{topic.sector}/")
    if article.path.name != f"{article.id}.md":
        yield _at(article, "tema", "filnavn", f"call the file {article.id}.md")
    for other in article.see_also:
        if other not in base.topics:
            yield _at(article, "se_ogsa", "tema", f"«{other}» is not a topic of tema.yml")
    for key, value in (("avgjores_av", article.decided_by), ("klage_til", article.complaint_to)):
        if value and value != NO_COMPLAINT and value not in base.institutions:
            yield _at(article, key, "instans", f"«{value}» is not in instanser.yml")
    for condition in article.conditions:
        if condition.fact not in base.facts:
            yield _at(article, "vilkar", "faktum", f"«{condition.fact}» is not in fakta.yml")
        if condition.source_id not in {s.id for s in article.sources}:
            yield _at(article, "vilkar", "kilde", f"«{condition.source_id}» is not among the article's kilder")


def _check_sources(article: Article, today: date) -> Iterator[Finding]:
    if not article.sources:
        yield _at(article, "kilder", "kilde", "name at least one source")
    for source in article.sources:
        if not source.url.startswith("https://"):
            yield _at(article, "kilder", "kilde-url", f"give «{source.id}» an address that starts with https://")
        if source.checked > today or today - source.checked > SOURCE_HOLDS:
            yield _at(article, "kilder", "kilde-kontroll", f"compare with «{source.id}» again: checked {source.checked}")


def _check_blocks(article: Article, base: KnowledgeBase, today: date) -> Iterator[Finding]:
    known = {source.id for source in article.sources}
    yield from _check_rate_uses(article, article.short, article.line_of("kort"), base, today)
    if _AMOUNT.search(article.short):
        yield _at(article, "kort", "sats", "write amounts as {{ sats.… }}")
    for section in article.sections:
        if not section.blocks:
            yield Finding(article.path, section.line, "tom-del", "write the section or leave its heading out")
        for block in section.blocks:
            yield from _check_block(article.path, block, known)
            yield from _check_rate_uses(article, block.text, block.line, base, today)


def _check_block(path: Path, block: Block, known: set[str]) -> Iterator[Finding]:
    if not block.source_ids and not _leads_into_a_list(block):
        yield Finding(path, block.line, "kilde-mangler", "end the paragraph or list item with its [^source]")
    for unknown in [i for i in block.source_ids if i not in known]:
        yield Finding(path, block.line, "kilde-ukjent", f"add «{unknown}» to kilder, or name another source")
    if _AMOUNT.search(block.text):
        yield Finding(path, block.line, "sats", "write amounts and rates as {{ sats.… }}")
    if _OPENING_HOURS.search(block.text):
        yield Finding(path, block.line, "apningstid", "opening hours live in hjelpetelefoner.yml only")


def _leads_into_a_list(block: Block) -> bool:
    """«Dere må vise at:» states nothing by itself; its items do."""
    return not block.is_item and block.text.rstrip().endswith(":") and len(block.text.split()) <= 12


def _check_rate_uses(article: Article, text: str, line: int, base: KnowledgeBase, today: date) -> Iterator[Finding]:
    for rate_id in rate_ids(text):
        rate = base.rates.get(rate_id)
        if rate is None:
            yield Finding(article.path, line, "sats", f"«{rate_id}» is not in satser.yml")
        elif rate.valid_from is None or (rate.valid_to is not None and rate.valid_to < today):
            yield Finding(article.path, line, "sats-utlopt", f"«{rate_id}» lacks gyldig_fra or has expired")


def _check_language(article: Article) -> Iterator[Finding]:
    text = plain_text(article)
    limit = MAX_LIX.get(article.audience)
    if limit is not None and lix(text) > limit:
        yield _at(article, "tittel", "lesbarhet", f"LIX {lix(text):.0f} is over {limit:.0f}: shorter sentences, shorter words")
    if article.audience is Audience.YOUTH:
        mean = len(_WORD.findall(text)) / len(_sentences(text))
        if mean > MAX_YOUTH_SENTENCE_WORDS:
            yield _at(
                article, "tittel", "setningslengde", f"mean sentence has {mean:.1f} words; at most {MAX_YOUTH_SENTENCE_WORDS:.0f}"
            )


def _check_rates(base: KnowledgeBase, today: date) -> Iterator[Finding]:
    for rate in base.rates.values():
        if rate.valid_from is None or not rate.source_url:
            yield Finding(base.folder / "satser.yml", 1, "sats", f"«{rate.id}» needs gyldig_fra and kilde.url")


def _check_starting_points(base: KnowledgeBase) -> Iterator[Finding]:
    for audience, topics in base.starting_points.items():
        for unknown in [topic for topic in topics if topic not in base.topics]:
            yield Finding(base.folder / "startpunkter.yml", 1, "tema", f"«{unknown}» for {audience} is not a topic of tema.yml")


def _check_law_words(base: KnowledgeBase) -> Iterator[Finding]:
    """An explanation is one plain sentence: it explains no law word by another."""
    path = base.folder / "ordlister" / "lovord.yml"
    for word in base.law_words.all():
        if not word.explanation.endswith(".") or len(_sentences(word.explanation)) > 1:
            yield Finding(path, 1, "lovord", f"explain «{word.word}» in one sentence")
        for other in base.law_words.used_in(word.explanation):
            if other.word != word.word and word.word not in other.word:
                yield Finding(path, 1, "lovord", f"explain «{word.word}» without «{other.word}»")


def _check_questions(base: KnowledgeBase) -> Iterator[Finding]:
    for path in sorted((base.folder / "sporsmal").glob("*.yml")):
        if path.stem not in base.topics:
            yield Finding(path, 1, "tema", f"«{path.stem}» is not a topic of tema.yml")
    seen: dict[str, str] = {}
    for question in base.questions:
        key = question.text.casefold().strip()
        if seen.setdefault(key, question.topic) != question.topic:
            path = base.folder / "sporsmal" / f"{question.topic}.yml"
            yield Finding(path, 1, "sporsmal", f"«{question.text}» also stands under {seen[key]}: it can teach only one topic")


def _check_examples(base: KnowledgeBase) -> Iterator[Finding]:
    """The messages that the models learn from: a broken line is found here, and not by whoever trains or starts the service."""
    topics = frozenset(base.topics) | {None}
    written: _Values = {"m": frozenset(Audience) | {None}, "s": frozenset(Language) | {None, "other"}}
    dangers = frozenset(danger for helpline in base.helplines for danger in helpline.dangers) | {HARMLESS}
    may_be: Mapping[str, _Values] = {
        "utenfor.yml": written,
        "fareeksempler.yml": {"fare": dangers},
        "fasetteksempler.yml": {"f": frozenset(Facet)},
        "samtaleeksempler.yml": {"s": frozenset({SAID_ON, SAID_ALONE}), "fra": topics, "til": topics},
    }
    for name, values in may_be.items():
        yield from _check_example_file(base.folder / name, values)


def _check_example_file(path: Path, values: _Values) -> Iterator[Finding]:
    try:
        entries = read_yaml(path) or []
    except YamlBroken as error:
        yield Finding(path, error.line, "form", error.reason)
        return
    if not isinstance(entries, list):
        yield Finding(path, 1, "form", "write a list of messages, each a line that begins with a dash")
        return
    faults = [(at, fault) for at, entry in enumerate(entries) if (fault := _fault_of(entry, values)) is not None]
    lines = item_lines(path) if faults else []
    yield from (Finding(path, lines[at], "eksempel", fault) for at, fault in faults)


def _fault_of(entry: object, values: _Values) -> str | None:
    if not isinstance(entry, Mapping) or not str(entry.get("t") or "").strip():
        return "write the message as t: «…»"
    for key, known in values.items():
        value = entry.get(key)
        if not isinstance(value, str | None) or value not in known:
            return f"«{value}» is no value of {key}"
    if entry.get("s") == SAID_ALONE and not entry.get("til"):
        return "say which topic answers it (til), for it can be understood alone"
    if entry.get("s") == SAID_ON and entry.get("fra") != entry.get("til"):
        return "what goes on stays with its topic: give fra and til the same, or neither"
    return None
