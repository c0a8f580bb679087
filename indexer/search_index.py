"""PORT: where passages are kept and found. An engine stores the terms and vectors it is given and ranks by them; it analyses nothing.

Every adapter passes `tests/contracts/test_search_index.py`. Scores of two engines are never compared with each other or with a threshold.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float32]
"""Shape (384,), length 1."""


class SearchUnavailable(Exception):
    """The engine cannot answer now. Trying again later may help; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What is indexed. `embedded` is what the embedder reads (nothing: it is found by words alone), `digest` names exactly this content."""

    id: str
    topic: str
    kind: str
    audience: str
    language: str
    facet: str
    title: str
    text: str
    embedded: str
    digest: str


@dataclass(frozen=True, slots=True)
class IndexedPassage:
    """A passage with its terms, and its vector once there is one: lexical first, vectors follow."""

    passage: Passage
    terms: tuple[str, ...]
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """`terms` are found by BM25, `vector` by cosine; `kinds` limits which passages count. At most `limit` hits each way."""

    terms: tuple[str, ...]
    vector: Vector | None
    kinds: tuple[str, ...]
    limit: int = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found. `score` is BM25 in a lexical list and cosine in a semantic one."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class Hits:
    """Both rankings, best first; `semantic` is empty where query or passages have no vectors."""

    lexical: tuple[Hit, ...]
    semantic: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class StoredPassage:
    digest: str
    has_vector: bool


class SearchIndex(Protocol):
    def stored(self) -> Mapping[str, StoredPassage]:
        """What readers see now, by passage id. Raises `SearchUnavailable`."""

    def replace(self, passages: Sequence[IndexedPassage]) -> None:
        """Builds a new index beside the old one and switches readers over at once; if it fails half way, they keep the old."""

    def update(self, changed: Sequence[IndexedPassage], removed: Sequence[str]) -> None:
        """Adds or replaces `changed` by id and takes `removed` away; visible to readers when this returns."""

    def search(self, query: Query) -> Hits:
        """Raises `SearchUnavailable`. An index that was never built answers with no hits."""
