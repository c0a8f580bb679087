"""How well each topic fits a question: features from both kinds of search and the question model, weighed into probabilities.

Pure arithmetic over values. The weights are trained on held-out example questions by `veivis train` and lie in `ranking_weights.json`,
small enough to read. Features are relative within one question, so that both engines, whose BM25 differ by a constant, give the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.search_index import Hit, Hits

Array = npt.NDArray[np.float64]

FEATURES = (
    "letters",  # question model on words and letters
    "meaning",  # question model on the embedding
    "nearest",  # cosine of the nearest example question
    "near",  # mean cosine of the three nearest
    "article_meaning",  # cosine of the nearest passage of an article
    "example_words",  # best BM25 among example questions
    "article_words",  # best BM25 among passages of articles
    "named",  # share of the topic's name that the question says
    "audience",  # how usual it is that this audience asks about the topic
    "current",  # the conversation is about this topic
)
GATE_FEATURES = ("nearest", "near", "article", "known", "top", "margin", "outside", "length")
_NEAR = 3
_FLOOR = 0.02
"""Cosine below the best hit at which a topic counts as not found."""


@dataclass(frozen=True, slots=True)
class Weights:
    """`topic` weighs FEATURES into scores; `gate` (with `gate_bias`) weighs GATE_FEATURES into «is this ours at all?».
    `lexical_*` are the same for when there are no vectors. `abstain_below` and `ask_below` are the thresholds chosen by cost; above `danger_above` a message counts as like danger."""

    topic: Array
    lexical_topic: Array
    gate: Array
    gate_bias: float
    lexical_gate: Array
    lexical_gate_bias: float
    abstain_below: float
    lexical_abstain_below: float
    ask_below: float
    danger_above: float = 99.0
    lexical_danger_above: float = 99.0

    @classmethod
    def read(cls, path: Path) -> "Weights":
        kept = json.loads(path.read_text(encoding="utf-8"))
        values: dict[str, Any] = {k: np.array(v) if isinstance(v, list) else float(v) for k, v in kept.items()}
        return cls(**values)

    @classmethod
    def untrained(cls) -> "Weights":
        """Every feature counts alike and nothing is held back: a start for `veivis train matcher`."""
        topic, gate = np.ones(len(FEATURES)), np.zeros(len(GATE_FEATURES))
        return cls(topic, topic, gate, 0.0, gate, 0.0, 0.0, 0.0, 0.0)

    def write(self, path: Path) -> None:
        plain = {k: np.round(getattr(self, k), 4).tolist() for k in self.__dataclass_fields__}
        path.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one question. Score arrays are in the order of `topics`."""

    topics: Sequence[str]
    examples: Hits
    articles: Hits
    letters: Array
    meaning: Array
    named: Array
    audience: Array
    current: str | None
    known_share: float
    words: int
    has_vector: bool


def features_of(evidence: Evidence) -> Array:
    """Shape (topics, FEATURES)."""
    position = {t: i for i, t in enumerate(evidence.topics)}
    nearest, near = _neighbours(evidence.examples.semantic, position)
    columns = [
        evidence.letters,
        evidence.meaning,
        nearest,
        near,
        _relative_cosine(evidence.articles.semantic, position),
        _relative_score(evidence.examples.lexical, position),
        _relative_score(evidence.articles.lexical, position),
        evidence.named,
        evidence.audience,
        np.array([float(t == evidence.current) for t in evidence.topics]),
    ]
    return np.stack(columns, axis=1)


def probabilities(features: Array, weights: Array) -> Array:
    """Shape (topics,), sums to 1: given that the question is about one of the topics."""
    scores = features @ weights
    powers = np.exp(scores - scores.max())
    return np.asarray(powers / powers.sum())


def gate_features(evidence: Evidence, ranked: Array, outside: int | None) -> Array:
    """Shape (GATE_FEATURES,). `ranked` is the probabilities over all topics; `outside` is the position of the pseudo-topic for
    questions that are not ours."""
    ours = np.delete(ranked, outside) if outside is not None else ranked
    best = np.sort(ours)[::-1]
    cosines = [hit.score for hit in evidence.examples.semantic]
    return np.array(
        [
            10 * (max(cosines, default=0.8) - 0.85),
            10 * (float(np.mean(cosines[:_NEAR])) - 0.85) if cosines else 0.0,
            10 * (max((h.score for h in evidence.articles.semantic), default=0.8) - 0.85),
            evidence.known_share,
            best[0],
            best[0] - best[1],
            float(ranked[outside]) if outside is not None else 0.0,
            min(evidence.words, 20) / 20,
        ]
    )


def inside_probability(gate: Array, weights: Array, bias: float) -> float:
    return float(1 / (1 + np.exp(-(gate @ weights + bias))))


def _neighbours(hits: Iterable[Hit], position: Mapping[str, int]) -> tuple[Array, Array]:
    by_topic: dict[str, list[float]] = {}
    best = 0.0
    lowest = 1.0
    for hit in hits:
        best, lowest = max(best, hit.score), min(lowest, hit.score)
        if hit.passage.topic in position:
            by_topic.setdefault(hit.passage.topic, []).append(hit.score)
    nearest, near = np.zeros(len(position)), np.zeros(len(position))
    span = max(best - lowest, _FLOOR)
    for topic, scores in by_topic.items():
        top = (sorted(scores, reverse=True) + [lowest] * _NEAR)[:_NEAR]
        nearest[position[topic]] = (top[0] - lowest) / span
        near[position[topic]] = (sum(top) / _NEAR - lowest) / span
    return nearest, near


def _relative_cosine(hits: Sequence[Hit], position: Mapping[str, int]) -> Array:
    lowest = min((h.score for h in hits), default=0.0)
    span = max(max((h.score for h in hits), default=0.0) - lowest, _FLOOR)
    return _best(((h.passage.topic, (h.score - lowest) / span) for h in hits), position)


def _relative_score(hits: Sequence[Hit], position: Mapping[str, int]) -> Array:
    top = max((h.score for h in hits), default=1.0) or 1.0
    return _best(((h.passage.topic, h.score / top) for h in hits), position)


def _best(scored: Iterable[tuple[str, float]], position: Mapping[str, int]) -> Array:
    found = np.zeros(len(position))
    for topic, score in scored:
        if topic in position:
            found[position[topic]] = max(found[position[topic]], score)
    return found
