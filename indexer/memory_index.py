"""SearchIndex in memory, for tests: BM25 and cosine written plainly, behind the same contract as the real engines."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from indexer.search_index import Hit, Hits, IndexedPassage, Query, StoredPassage

_K1, _B = 1.2, 0.75


class MemoryIndex:
    def __init__(self) -> None:
        self._passages: dict[str, IndexedPassage] = {}

    def stored(self) -> Mapping[str, StoredPassage]:
        return {i: StoredPassage(p.passage.digest, p.vector is not None) for i, p in self._passages.items()}

    def replace(self, passages: Sequence[IndexedPassage]) -> None:
        self._passages = {p.passage.id: p for p in passages}

    def update(self, changed: Sequence[IndexedPassage], removed: Sequence[str]) -> None:
        kept = {i: p for i, p in self._passages.items() if i not in set(removed)}
        self._passages = kept | {p.passage.id: p for p in changed}

    def search(self, query: Query) -> Hits:
        allowed = [p for p in self._passages.values() if p.passage.kind in query.kinds]
        return Hits(self._lexical(query, allowed), self._semantic(query, allowed))

    def _lexical(self, query: Query, allowed: list[IndexedPassage]) -> tuple[Hit, ...]:
        everything = list(self._passages.values())
        lengths = sum(len(p.terms) for p in everything) / max(1, len(everything))
        seen_in = Counter(term for p in everything for term in set(p.terms))
        hits = []
        for passage in allowed:
            score = 0.0
            for term in query.terms:
                count = passage.terms.count(term)
                rarity = math.log(1 + (len(everything) - seen_in[term] + 0.5) / (seen_in[term] + 0.5))
                score += rarity * count * (_K1 + 1) / (count + _K1 * (1 - _B + _B * len(passage.terms) / max(lengths, 1e-9)))
            if score > 0:
                hits.append(Hit(passage.passage, score))
        return tuple(sorted(hits, key=lambda h: -h.score)[: query.limit])

    @staticmethod
    def _semantic(query: Query, allowed: list[IndexedPassage]) -> tuple[Hit, ...]:
        if query.vector is None:
            return ()
        hits = [Hit(p.passage, float(np.dot(p.vector, query.vector))) for p in allowed if p.vector is not None]
        return tuple(sorted(hits, key=lambda h: -h.score)[: query.limit])
