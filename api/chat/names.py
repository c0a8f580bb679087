"""Finds persons' names: by word lists, and by spaCy where a model is installed. Both together, since each misses what the other sees.

Public names (kommuner, agencies, organisations, services) are never a person, and «Aurora skole» is a school.
"""

import re
import threading
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

from spacy.language import Language
from spacy.pipeline import TrainablePipe

from indexer.knowledge_base import KnowledgeBase

_TOKEN = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_INTRODUCED = re.compile(
    r"\b(?:heter|heiter|heite|hete|hetter|navnet (?:mitt|hans|hennes) er|namnet mitt er|navn:|namn:|mvh\.?,?|vennlig hilsen|med vennlig hilsen|hilsen|helsing|hilsing|"
    r"klem fra|jeg er|eg er|æ e|kalles|kalla|my name is|i am|name is|called)\s+",
    re.I,
)  # fmt: skip
_AFTER_A_NAME = {
    "skole", "skule", "barneskole", "barneskule", "ungdomsskole", "ungdomsskule", "barnehage", "kommune", "fylke", "fylkeskommune", "sykehus", "sjukehus",
    "universitetssykehus", "sykehjem", "bydel", "vgs", "videregående", "vidaregåande", "legesenter", "legekontor", "gård", "sogn", "stasjon", "flyplass", "barnevern",
    "tingrett", "lagmannsrett", "bup", "dps", "familiesenter", "helsestasjon", "kulturskole", "universitet", "høgskole", "høgskule", "idrettslag", "menighet", "kirke",
    "kyrkje", "statsforvalter", "politidistrikt", "helseforetak", "hf", "as", "forbund", "stiftelse", "senter", "sfo", "aks",
}  # fmt: skip
_PARTICLES = {"von", "van", "de", "der", "al", "el", "bin", "ibn", "da", "dos", "av"}
_NOT_AFTER_INTRODUCED = {
    "ikke", "ikkje", "det", "den", "en", "ei", "et", "ein", "eit", "så", "at", "mor", "far", "mamma", "pappa", "alene", "sliten", "redd", "enig", "uenig", "15", "lærer",
    "helsesykepleier", "fra", "på", "i", "og", "nå", "no", "veldig", "oss", "meg", "hva", "kva",
}  # fmt: skip
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n(«\"]\s*|\n\s*[-*•]\s*)$")
_LONGEST_NAME = 5


class PublicNames:
    """Words that are no person's name: from the knowledge itself and `ordlister/offentlige-navn.txt`."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = frozenset(w.casefold() for w in words)

    @classmethod
    def of(cls, knowledge: KnowledgeBase, folder: Path) -> "PublicNames":
        words = set(_lines(folder / "offentlige-navn.txt"))
        for kommune in knowledge.kommuner:
            for name in (kommune.name, kommune.fylke, *kommune.other_names, *kommune.districts):
                words.update(_TOKEN.findall(name))
        for names in (*(i.names for i in knowledge.institutions.values()), *(h.names for h in knowledge.helplines)):
            words.update(w for name in names.values() for w in _TOKEN.findall(name))
        words.update(w for topic in knowledge.topics.values() for w in _TOKEN.findall(topic.name))
        return cls(words)

    def has(self, word: str) -> bool:
        folded = word.casefold()
        return folded in self._words or folded.removesuffix("s") in self._words


class WordListNames:
    """Names by list and by how they are introduced («jeg heter …», «mvh …»)."""

    def __init__(
        self, first_names: Iterable[str], ambiguous: Iterable[str], surnames: Iterable[str], public: PublicNames
    ) -> None:
        self._first = frozenset(n.casefold() for n in first_names)
        self._ambiguous = frozenset(n.casefold() for n in ambiguous)
        self._last = frozenset(n.casefold() for n in surnames)
        self._public = public

    @classmethod
    def from_folder(cls, folder: Path, public: PublicNames) -> "WordListNames":
        """Reads fornavn.txt, tvetydige-fornavn.txt and etternavn.txt; a missing list is empty."""
        first, ambiguous, last = (_lines(folder / f"{name}.txt") for name in ("fornavn", "tvetydige-fornavn", "etternavn"))
        return cls(first, ambiguous, last, public)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        yield from self._introduced(text)
        for run in _capitalised_runs(text):
            yield from self._in_run(text, run)

    def _introduced(self, text: str) -> Iterator[tuple[int, int]]:
        for cue in _INTRODUCED.finditer(text):
            words: list[re.Match[str]] = []
            at = cue.end()
            while len(words) < _LONGEST_NAME and (word := _TOKEN.match(text, at)):
                capital = word.group()[0].isupper()
                known = self._known(word.group(), strict=not words)
                if not (capital or known or (words and word.group().casefold() in _PARTICLES)):
                    break
                if word.group().casefold() in _NOT_AFTER_INTRODUCED or (capital and not known and self._public.has(word.group())):
                    break
                words.append(word)
                at = word.end() + 1
                if text[word.end() : word.end() + 1] != " ":
                    break
            introduced_by_role = cue.group().strip().casefold() in {"jeg er", "eg er", "æ e", "i am"}
            if words and (not introduced_by_role or self._known(words[0].group(), strict=True)):
                yield words[0].start(), words[-1].end()

    def _in_run(self, text: str, run: list[re.Match[str]]) -> Iterator[tuple[int, int]]:
        run = run if len(run[-1].group()) > 1 else run[:-1]
        if not run:
            return
        following = _TOKEN.match(text, run[-1].end() + 1)
        if following and following.group().casefold() in _AFTER_A_NAME:
            return
        starts = bool(_SENTENCE_START.search(text[: run[0].start()]))
        while run and not self._is_first(run[0].group()) and (starts or self._public.has(run[0].group())) and len(run) > 1:
            if starts and not self._public.has(run[0].group()) and self._looks_like_a_name(run):
                break
            run, starts = run[1:], False
        words = [m.group() for m in run]
        if len(run) == 1:
            if self._is_first(words[0]) and words[0].casefold() not in self._ambiguous and not self._public.has(words[0]):
                yield run[0].span()
        elif self._is_first(words[0]) or any(self._is_last(w) for w in words[1:]):
            if not all(self._public.has(w) for w in words):
                yield run[0].start(), run[-1].end()
        elif not starts and not any(self._public.has(w) or w.isupper() for w in words):
            yield run[0].start(), run[-1].end()

    def _looks_like_a_name(self, run: list[re.Match[str]]) -> bool:
        return any(self._is_last(m.group()) for m in run[1:])

    def _is_first(self, word: str) -> bool:
        return all(part.casefold() in self._first for part in word.split("-")) or word.casefold().removesuffix("s") in self._first

    def _is_last(self, word: str) -> bool:
        return any(part.casefold() in self._last for part in word.split("-")) or (
            word.casefold().endswith(("sen", "sson")) and len(word) > 6
        )

    def _known(self, word: str, strict: bool) -> bool:
        folded = word.casefold()
        known = folded in self._first or (not strict and folded in self._last)
        return known and not (word[0].islower() and folded in self._ambiguous)


class SpacyNames:
    """Persons by the model's named entities, without public names. One text at a time: the model is not thread-safe."""

    def __init__(self, nlp: Language, public: PublicNames) -> None:
        self._nlp = nlp
        self._public = public
        self._lock = threading.Lock()
        self._skipped = [name for name in nlp.pipe_names if name not in _needed_for_names(nlp)]

    def find(self, text: str) -> list[tuple[int, int]]:
        if not _could_hold_a_full_name(text):
            return []
        with self._lock:
            doc = self._nlp(text, disable=self._skipped)
        return [(e.start_char, e.end_char) for e in doc.ents if e.label_ == "PER" and self._is_person(text, e.text, e.end_char)]

    def _is_person(self, text: str, name: str, end: int) -> bool:
        words = _TOKEN.findall(name)
        following = _TOKEN.match(text, end + 1)
        if not words or (following and following.group().casefold() in _AFTER_A_NAME) or words[-1].casefold() in _AFTER_A_NAME:
            return False
        if (
            len(words) < 2 or len(words[-1]) < 2
        ):  # single words are too often the first word of a sentence; the lists know the names among them
            return False
        return all(w[0].isupper() or w.casefold() in _PARTICLES for w in words) and not any(
            w.isupper() or self._public.has(w) for w in words
        )


def _needed_for_names(nlp: Language) -> set[str]:
    """The parts of the pipeline that entities are found by: the recogniser, and the shared layer below it where it has none of its own."""
    if "ner" not in nlp.pipe_names:
        return set()
    recogniser = nlp.get_pipe("ner")
    assert isinstance(recogniser, TrainablePipe)
    listens = any("listener" in node.name for node in recogniser.model.walk())
    return {"ner", "tok2vec", "transformer"} if listens else {"ner"}


def _could_hold_a_full_name(text: str) -> bool:
    """Two words with capital first letters after each other, but for particles. Most messages have none and are spared the model."""
    words = [w for w in _TOKEN.findall(text) if w.casefold() not in _PARTICLES or w[0].isupper()]
    return any(a[0].isupper() and b[0].isupper() for a, b in pairwise(words))


def _capitalised_runs(text: str) -> Iterator[list[re.Match[str]]]:
    """Neighbouring words with capital first letters, one space between; particles may stand inside."""
    run: list[re.Match[str]] = []
    for match in _TOKEN.finditer(text):
        adjoining = bool(run) and text[run[-1].end() : match.start()] == " "
        capital = match.group()[0].isupper() and (len(match.group()) == 1 or not match.group().isupper())
        if run and adjoining and (capital or match.group().casefold() in _PARTICLES):
            run.append(match)
            continue
        yield from _closed(run)
        run = [match] if capital else []
    yield from _closed(run)


def _closed(run: list[re.Match[str]]) -> Iterator[list[re.Match[str]]]:
    while run and not run[-1].group()[0].isupper():
        run = run[:-1]
    if run:
        yield run


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]
