"""SearchIndex in this process: Tantivy for BM25 over given terms, exact cosine in numpy. The default engine.

Each build is a generation in a folder of its own; the file `current` names the one readers see and is replaced atomically,
so a build that is killed half way leaves them on the old one. Other processes notice the switch at their next search.
"""

import json
import os
import shutil
import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import tantivy

from indexer.search_index import Hit, Hits, IndexedPassage, Passage, Query, SearchUnavailable, StoredPassage, Vector

_WRITER_BYTES = 30_000_000
_KEPT_GENERATIONS = 2
"""The old generation stays until the next build, for readers that opened it just before the switch."""


@dataclass(frozen=True, slots=True)
class _Generation:
    """What one search sees. Only `met` grows, to at most one entry a passage."""

    name: str
    searcher: tantivy.Searcher
    schema: tantivy.Schema
    passages: tuple[Passage, ...]
    position: Mapping[str, int]
    with_vector: npt.NDArray[np.bool_]
    vectors: npt.NDArray[np.float32]
    by_kind: Mapping[str, tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]]
    """The rows of each kind that have a vector, and those vectors side by side: a search reads only what it may find, and copies nothing."""
    met: dict[tuple[int, int], Passage] = field(default_factory=dict)
    """The passages found so far, by their address in the index, so that each is read there once. Two threads may both read one: they keep the same."""

    def passage_at(self, address: tantivy.DocAddress) -> Passage:
        key = address.segment_ord, address.doc
        met = self.met.get(key)
        if met is None:
            met = self.met[key] = self.passages[self.searcher.doc(address)["row"][0]]
        return met


class TantivyIndex:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opened: _Generation | None = None
        self._writing = threading.Lock()

    def stored(self) -> Mapping[str, StoredPassage]:
        generation = self._current()
        if generation is None:
            return {}
        return {
            p.id: StoredPassage(p.digest, bool(has)) for p, has in zip(generation.passages, generation.with_vector, strict=True)
        }

    def replace(self, passages: Sequence[IndexedPassage]) -> None:
        with self._writing:
            self._folder.mkdir(parents=True, exist_ok=True)
            name = uuid.uuid4().hex
            try:
                _write(self._folder / name, passages)
            except (ValueError, OSError) as error:
                shutil.rmtree(self._folder / name, ignore_errors=True)
                raise SearchUnavailable(f"the index could not be written: {error}") from error
            self._switch_to(name)
            self._forget_old(name)

    def update(self, changed: Sequence[IndexedPassage], removed: Sequence[str]) -> None:
        """A few thousand passages are written in well under a second, so an update is a new generation too: one way to be atomic."""
        generation = self._current()
        kept = {} if generation is None else _as_indexed(generation, self._terms_of(generation))
        for passage_id in removed:
            kept.pop(passage_id, None)
        kept.update({p.passage.id: p for p in changed})
        self.replace(list(kept.values()))

    def search(self, query: Query) -> Hits:
        generation = self._current()
        if generation is None:
            return Hits((), ())
        return Hits(_lexical(generation, query), _semantic(generation, query))

    def _current(self) -> _Generation | None:
        try:
            name = (self._folder / "current").read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        opened = self._opened
        if opened is not None and opened.name == name:
            return opened
        try:
            self._opened = _open(self._folder / name)
        except (ValueError, OSError, KeyError) as error:
            raise SearchUnavailable(f"the index in {self._folder} cannot be read: {error}") from error
        return self._opened

    def _terms_of(self, generation: _Generation) -> list[list[str]]:
        lines = (self._folder / generation.name / "terms.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def _switch_to(self, name: str) -> None:
        pointer = self._folder / f"current.{os.getpid()}"
        with pointer.open("w", encoding="ascii") as file:
            file.write(name)
            file.flush()
            os.fsync(file.fileno())
        pointer.replace(self._folder / "current")

    def _forget_old(self, current: str) -> None:
        others = [p for p in self._folder.iterdir() if p.is_dir() and p.name != current]
        for old in sorted(others, key=lambda p: p.stat().st_mtime, reverse=True)[_KEPT_GENERATIONS - 1 :]:
            shutil.rmtree(old, ignore_errors=True)


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", stored=True, indexed=False, fast=False)
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    return builder.build()


def _write(folder: Path, passages: Sequence[IndexedPassage]) -> None:
    (folder / "tantivy").mkdir(parents=True)
    index = tantivy.Index(_schema(), path=str(folder / "tantivy"))
    writer = index.writer(heap_size=_WRITER_BYTES, num_threads=1)
    for row, indexed in enumerate(passages):
        writer.add_document(tantivy.Document(row=row, kind=indexed.passage.kind, terms=" ".join(indexed.terms)))
    writer.commit()
    writer.wait_merging_threads()
    with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(asdict(i.passage), ensure_ascii=False) + "\n" for i in passages)
    with (folder / "terms.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(i.terms, ensure_ascii=False) + "\n" for i in passages)
    rows = [row for row, i in enumerate(passages) if i.vector is not None]
    vectors = [i.vector for i in passages if i.vector is not None]
    np.savez(folder / "vectors.npz", rows=np.array(rows, dtype=np.int64), vectors=np.array(vectors, dtype=np.float16))


def _open(folder: Path) -> _Generation:
    index = tantivy.Index.open(str(folder / "tantivy"))
    index.reload()
    lines = (folder / "passages.jsonl").read_text(encoding="utf-8").splitlines()
    passages = tuple(Passage(**json.loads(line)) for line in lines)
    stored = np.load(folder / "vectors.npz")
    with_vector = np.zeros(len(passages), dtype=np.bool_)
    vectors = np.zeros((len(passages), 384), dtype=np.float32)
    if len(stored["rows"]):
        with_vector[stored["rows"]] = True
        vectors[stored["rows"]] = stored["vectors"].astype(np.float32)
    position = {p.id: row for row, p in enumerate(passages)}
    kinds = np.array([p.kind for p in passages])
    rows_of = {str(kind): np.flatnonzero((kinds == kind) & with_vector) for kind in np.unique(kinds)}
    by_kind = {kind: (rows, np.ascontiguousarray(vectors[rows])) for kind, rows in rows_of.items()}
    return _Generation(folder.name, index.searcher(), index.schema, passages, position, with_vector, vectors, by_kind)


def _as_indexed(generation: _Generation, terms: list[list[str]]) -> dict[str, IndexedPassage]:
    def vector(row: int) -> Vector | None:
        return generation.vectors[row] if generation.with_vector[row] else None

    return {p.id: IndexedPassage(p, tuple(terms[row]), vector(row)) for row, p in enumerate(generation.passages)}


def _lexical(generation: _Generation, query: Query) -> tuple[Hit, ...]:
    if not query.terms:
        return ()
    should = [(tantivy.Occur.Should, tantivy.Query.term_query(generation.schema, "terms", t, "freq")) for t in query.terms]
    kinds = tantivy.Query.term_set_query(generation.schema, "kind", list(query.kinds))
    wanted = tantivy.Query.boolean_query(
        [
            (tantivy.Occur.Must, tantivy.Query.boolean_query(should)),
            (tantivy.Occur.Must, tantivy.Query.const_score_query(kinds, 0.0)),
        ]
    )
    found = generation.searcher.search(wanted, query.limit).hits
    return tuple(Hit(generation.passage_at(at), float(score)) for score, at in found)


def _semantic(generation: _Generation, query: Query) -> tuple[Hit, ...]:
    found = [generation.by_kind[kind] for kind in query.kinds if kind in generation.by_kind]
    if query.vector is None or not found:
        return ()
    rows = np.concatenate([rows for rows, _ in found])
    cosines = np.concatenate([vectors @ query.vector for _, vectors in found])
    # By cosine, and where two are alike by row: the same order whichever kinds were asked for.
    best = np.lexsort((rows, -cosines))[: query.limit]
    return tuple(Hit(generation.passages[rows[at]], float(cosines[at])) for at in best)
