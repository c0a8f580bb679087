"""A reading set in BEIR's folder format (corpus.jsonl, queries.jsonl, qrels/*.tsv) searched with the product's own analysis, embedding,
engine and fusion: proof on data that nobody here tuned to. Writes a TREC run; nDCG@10 where there are judgements.

Format: Thakur et al. 2021, https://github.com/beir-cellar/beir.
"""

import csv
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from indexer.analysis import Analyzer, TableLemmatizer
from indexer.embedding import PASSAGE, QUERY, Embedder, EmbeddingCache
from indexer.fusion import fused
from indexer.search_index import Hit, Passage, Query, SearchIndex
from indexer.sync import SyncPlan, apply_sync, embed_missing
from indexer.word_lists import WordLists

KIND = "avsnitt"
_CANDIDATES = 100
_NAME = "veivis"

Run = Mapping[str, Sequence[tuple[str, float]]]
"""For each query id: (document id, score), best first."""


class ReadingSetBroken(Exception):
    """The folder is not in BEIR's format; says which file."""


@dataclass(frozen=True, slots=True)
class ReadingSet:
    """`judgements`: query id -> document id -> grade; empty where the folder has none."""

    passages: tuple[Passage, ...]
    queries: Mapping[str, str]
    judgements: Mapping[str, Mapping[str, int]]


def read_reading_set(folder: Path) -> ReadingSet:
    """Raises `ReadingSetBroken`."""
    try:
        passages = tuple(_passage(entry) for entry in _lines(folder / "corpus.jsonl"))
        queries = {str(entry["_id"]): str(entry["text"]) for entry in _lines(folder / "queries.jsonl")}
        judgements = _judgements(folder / "qrels")
    except (OSError, ValueError, KeyError) as error:
        raise ReadingSetBroken(f"{folder}: {error!r}") from error
    wanted = {i: text for i, text in queries.items() if i in judgements} if judgements else queries
    return ReadingSet(passages, wanted, judgements)


@dataclass(frozen=True, slots=True)
class Searched:
    """What was found by words alone, by meaning alone, and by both as the product puts them together."""

    words: Run
    meaning: Run
    both: Run


def search_all(
    reading: ReadingSet,
    index: SearchIndex,
    analyzer: Analyzer,
    embedder: Embedder,
    cache: EmbeddingCache,
    progress: Callable[[int, int], bool] = lambda done, total: True,
) -> Searched:
    """Indexes the passages and asks every query. Raises `SearchUnavailable`."""
    apply_sync(index, SyncPlan(True, reading.passages, ()), reading.passages, analyzer, cache)
    embed_missing(index, reading.passages, embedder, cache, analyzer, progress)
    hits = {}
    for query_id, text in reading.queries.items():
        vector = embedder.embed([QUERY + text])[0]
        hits[query_id] = index.search(Query(analyzer.query_terms(text), vector, (KIND,), _CANDIDATES))
    return Searched(
        words={query_id: _ranked(found.lexical) for query_id, found in hits.items()},
        meaning={query_id: _ranked(found.semantic) for query_id, found in hits.items()},
        both={query_id: fused(found) for query_id, found in hits.items()},
    )


def search_plainly(reading: ReadingSet, index: SearchIndex) -> Run:
    """By BM25 over the words as they are written, without any Norwegian: what everything else is measured against. Raises `SearchUnavailable`."""
    plain = Analyzer(WordLists(), TableLemmatizer({}))
    apply_sync(index, SyncPlan(True, reading.passages, ()), reading.passages, plain, EmbeddingCache.in_memory())
    queries = {i: Query(plain.query_terms(text), None, (KIND,), _CANDIDATES) for i, text in reading.queries.items()}
    return {query_id: _ranked(index.search(query).lexical) for query_id, query in queries.items()}


def write_run(run: Run, path: Path) -> None:
    """TREC's six columns: query, Q0, document, rank, score, name of the run."""
    with path.open("w", encoding="utf-8") as file:
        for query_id, ranked in run.items():
            for rank, (document, score) in enumerate(ranked, start=1):
                file.write(f"{query_id} Q0 {document} {rank} {score:.6f} {_NAME}\n")


def ndcg_at_10(run: Run, judgements: Mapping[str, Mapping[str, int]]) -> float:
    """The mean over the judged queries, between 0 and 1."""
    scores = []
    for query_id, grades in judgements.items():
        gained = _gain(grades.get(document, 0) for document, _ in run.get(query_id, ())[:10])
        best = _gain(sorted(grades.values(), reverse=True)[:10])
        if best:
            scores.append(gained / best)
    return sum(scores) / len(scores) if scores else 0.0


def _ranked(hits: Sequence[Hit]) -> list[tuple[str, float]]:
    return [(hit.passage.id, hit.score) for hit in hits]


def _gain(grades: Iterable[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, start=1))


def _passage(entry: Mapping[str, str]) -> Passage:
    ident, title, text = str(entry["_id"]), str(entry.get("title") or ""), str(entry["text"])
    return Passage(
        id=ident,
        topic=ident,
        kind=KIND,
        audience="",
        language="nb",
        facet="",
        title=title,
        text=text,
        embedded=f"{PASSAGE}{title}. {text}" if title else PASSAGE + text,
        digest=ident,
    )


def _lines(path: Path) -> Iterable[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        yield from (json.loads(line) for line in file if line.strip())


def _judgements(folder: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    files = [folder / "test.tsv"] if (folder / "test.tsv").is_file() else sorted(folder.glob("*.tsv"))
    for path in files:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                found.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return found
