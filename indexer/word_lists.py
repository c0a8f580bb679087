"""`knowledge/ordlister/` as values: one set of word lists for every engine. Editors write them; nothing here decides what a word means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from indexer.yaml_file import read_yaml


@dataclass(frozen=True, slots=True)
class WordLists:
    """`variants` maps one written form to its bokmål form; `phrases` maps a lay phrase (words, spaces) to the term it means;
    `lemmas` maps a form to its dictionary form; `facet_cues` maps a facet to the regular expressions that ask for it;
    the cues of a language are words that (nearly) only it has."""

    variants: Mapping[str, str] = field(default_factory=dict)
    phrases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lemmas: Mapping[str, str] = field(default_factory=dict)
    stop_words: frozenset[str] = frozenset()
    facet_cues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bokmal_cues: frozenset[str] = frozenset()
    nynorsk_cues: frozenset[str] = frozenset()
    english_cues: frozenset[str] = frozenset()
    dialect_cues: frozenset[str] = frozenset()


def load_word_lists(folder: Path) -> WordLists:
    """Reads `folder`; a missing list is empty."""
    variants: dict[str, str] = {}
    for name in ("nynorsk.yml", "dialekt.yml", "skrivemater.yml"):
        for bokmal, forms in _mapping(folder / name).items():
            for form in forms:
                variants.setdefault(str(form), str(bokmal))
    phrases: dict[str, tuple[str, ...]] = {}
    for name in ("synonymer.yml", "forkortelser.yml", "folkelig.yml", "engelsk.yml"):
        for term, forms in _mapping(folder / name).items():
            for form in forms:
                phrases[str(form)] = (*phrases.get(str(form), ()), str(term))
    return WordLists(
        variants=variants,
        phrases=phrases,
        lemmas=_lemmas(folder / "lemma.tsv") | _lemmas(folder / "lemma-rettet.tsv"),
        stop_words=frozenset(_lines(folder / "stoppord.txt")),
        facet_cues={facet: tuple(cues) for facet, cues in _mapping(folder / "fasetter.yml").items()},
        bokmal_cues=frozenset(_lines(folder / "kjennetegn-bokmal.txt")),
        nynorsk_cues=frozenset(_lines(folder / "kjennetegn-nynorsk.txt")),
        english_cues=frozenset(_lines(folder / "kjennetegn-engelsk.txt")),
        dialect_cues=frozenset(_lines(folder / "kjennetegn-dialekt.txt")),
    )


def _mapping(path: Path) -> dict[str, list[str]]:
    return dict(read_yaml(path) or {})


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip() and not line.startswith("#")]


def _lemmas(path: Path) -> dict[str, str]:
    return dict(line.split("\t", 1) for line in _lines(path))
