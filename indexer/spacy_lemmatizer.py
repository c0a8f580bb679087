"""spaCy behind the Lemmatizer port: the only module of indexer that imports it.

One word at a time and remembered, so that a word has one lemma wherever it stands; that keeps question and article alike.
"""

import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc


class SpacyModelMissing(Exception):
    """No such model is installed; word lists can do without it."""


def load_spacy(name: str) -> Language:
    """Loads an installed model by package name or path. Raises `SpacyModelMissing`."""
    try:
        return spacy.load(Path(name) if Path(name).exists() else name, exclude=["parser"])
    except (OSError, ValueError) as error:
        raise SpacyModelMissing(str(error)) from error


class SpacyLemmatizer:
    def __init__(self, nlp: Language) -> None:
        self._nlp = nlp
        self._skipped = [pipe for pipe in ("ner",) if pipe in nlp.pipe_names]
        self._lock = threading.Lock()
        self.lemma = lru_cache(maxsize=50_000)(self._lemma)  # type: ignore[method-assign]

    def lemma(self, word: str) -> str:  # replaced by its remembered form in __init__
        return self._lemma(word)

    def lemmas(self, words: Sequence[str]) -> dict[str, str]:
        """Many words at once, ten times as fast as one by one."""
        with self._lock:
            docs = self._nlp.pipe(words, disable=self._skipped, batch_size=512)
            return {word: _first_lemma(doc, word) for word, doc in zip(words, docs, strict=True)}

    def _lemma(self, word: str) -> str:
        with self._lock:
            return _first_lemma(self._nlp(word, disable=self._skipped), word)


def _first_lemma(doc: Doc, word: str) -> str:
    return doc[0].lemma_.casefold() if len(doc) == 1 and doc[0].lemma_ else word
