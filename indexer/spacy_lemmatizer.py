"""spaCy behind the Lemmatizer port: the only module of indexer that imports it.

One word at a time and remembered, so that a word has one lemma wherever it stands; that keeps question and article alike.
"""

import threading
from functools import lru_cache
from pathlib import Path

import spacy
from spacy.language import Language


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

    def _lemma(self, word: str) -> str:
        with self._lock:
            doc = self._nlp(word, disable=self._skipped)
        return doc[0].lemma_.casefold() if len(doc) == 1 and doc[0].lemma_ else word
