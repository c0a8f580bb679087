"""Brings an index to what is published: plans the cheapest correct update (pure), then applies it. Reports counts.

Lexical first: passages go in with the vectors that the cache knows, and `embed_missing` adds the rest later, a batch at a time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from indexer.analysis import Analyzer
from indexer.embedding import Embedder, EmbeddingCache
from indexer.search_index import IndexedPassage, Passage, SearchIndex, StoredPassage

_BATCH = 64
_REBUILD_SHARE = 0.5
"""When more than this share of the passages changed, a new index beside the old one is cheaper than changing the old."""


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """`rebuild`: build all anew beside the old. Otherwise `changed` and `removed` are what differs from the index."""

    rebuild: bool
    changed: tuple[Passage, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SyncReport:
    passages: int
    changed: int
    removed: int
    rebuilt: bool
    without_vector: int


def plan_sync(stored: Mapping[str, StoredPassage], wanted: Sequence[Passage]) -> SyncPlan:
    """What must happen so that readers see exactly `wanted`. Nothing changed: an empty plan."""
    changed = tuple(p for p in wanted if p.id not in stored or stored[p.id].digest != p.digest)
    removed = tuple(stored.keys() - {p.id for p in wanted})
    rebuild = not stored or len(changed) + len(removed) > _REBUILD_SHARE * max(1, len(wanted))
    return SyncPlan(rebuild and bool(changed or removed), changed, removed)


def apply_sync(
    index: SearchIndex, plan: SyncPlan, wanted: Sequence[Passage], analyzer: Analyzer, cache: EmbeddingCache
) -> SyncReport:
    """Carries the plan out. Raises `SearchUnavailable`; readers then still see what they saw."""
    touched = list(wanted) if plan.rebuild else list(plan.changed)
    vectors = cache.get(p.embedded for p in touched if p.embedded)
    indexed = [IndexedPassage(p, terms_of(p, analyzer), vectors.get(p.embedded)) for p in touched]
    if plan.rebuild:
        index.replace(indexed)
    elif plan.changed or plan.removed:
        index.update(indexed, plan.removed)
    missing = sum(i.vector is None for i in indexed if i.passage.embedded)
    return SyncReport(len(wanted), len(plan.changed), len(plan.removed), plan.rebuild, missing)


def embed_missing(
    index: SearchIndex,
    wanted: Sequence[Passage],
    embedder: Embedder,
    cache: EmbeddingCache,
    analyzer: Analyzer,
    progress: Callable[[int, int], bool] = lambda done, total: True,
) -> int:
    """Embeds what the cache lacks, then gives the index the vectors it lacks. Returns how many passages were embedded.

    `progress(done, total)` is told after each batch and stops the work by returning False; what is embedded is kept.
    """
    meant = [p for p in wanted if p.embedded]
    embedded = embed_texts([p.embedded for p in meant], embedder, cache, progress)
    bare = {i for i, stored in index.stored().items() if not stored.has_vector}
    lacking = [p for p in meant if p.id in bare]
    if lacking:
        vectors = cache.get(p.embedded for p in lacking)
        index.update(
            [IndexedPassage(p, terms_of(p, analyzer), vectors[p.embedded]) for p in lacking if p.embedded in vectors], ()
        )
    return embedded


def embed_texts(
    texts: Sequence[str],
    embedder: Embedder,
    cache: EmbeddingCache,
    progress: Callable[[int, int], bool] = lambda done, total: True,
) -> int:
    """Puts the vectors that are missing into the cache, a batch at a time, until done or stopped. Returns how many were embedded."""
    known = cache.get(texts)
    missing = [t for t in dict.fromkeys(texts) if t not in known]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        cache.put(dict(zip(batch, embedder.embed(batch), strict=True)))
        if not progress(start + len(batch), len(missing)):
            return start + len(batch)
    return len(missing)


def terms_of(passage: Passage, analyzer: Analyzer) -> tuple[str, ...]:
    """The title counts twice: a passage is first of all about its topic."""
    return (*analyzer.terms(passage.title), *analyzer.terms(passage.title), *analyzer.terms(passage.text))
