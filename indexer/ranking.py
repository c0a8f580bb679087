"""How well each topic fits a question: features from both kinds of search and the question model, weighed into probabilities.

Pure arithmetic over values. The weights are trained on held-out example questions by `veivis train matcher` and lie in
`trained/weights.json`, small enough to read. Features are relative within one question, so that both engines, whose BM25 differ by a constant, give the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
import numpy.typing as npt

from indexer.search_index import Hit, Hits

Array = npt.NDArray[np.float64]

FEATURES = (
    "letters",  # question model on words and letters
    "meaning",  # meaning model on the embedding
    "article_meaning",  # cosine of the nearest passage of an article
    "example_words",  # best BM25 among example questions
    "article_words",  # best BM25 among passages of articles
    "named",  # share of the topic's name that the question says
    "audience",  # how usual it is that this audience asks about the topic
    "current",  # the conversation is about this topic
    "continued",  # it is, and so far the message cannot be understood without it
)
GATE_FEATURES = ("nearest_article", "known", "top", "margin", "outside", "length", "sure_of_meaning")
_FLOOR = 0.02
"""Cosine below the best hit at which a topic counts as not found."""


class Means(StrEnum):
    """What there is to go by: words alone, the meaning of the question too, or the meaning of the articles as well."""

    WORDS = "words"
    MEANING = "meaning"
    ARTICLES = "articles"


@dataclass(frozen=True, slots=True)
class MatchWeights:
    """`topic` weighs FEATURES into scores; `gate` (with `gate_bias`) weighs GATE_FEATURES into «is this ours at all?»; below the probability
    `abstain_below` it counts as not ours, but a few words above `offer_above` are answered with an offer; below the share `ask_below` the best
    topic is too unsure to answer from. All are chosen by cost."""

    topic: Array
    gate: Array
    gate_bias: float
    abstain_below: float
    ask_below: float
    offer_above: float


@dataclass(frozen=True, slots=True)
class DangerWeights:
    """Weighs the words' distance from danger and the meaning's odds of it into a probability. From `alarm_above` a message counts as danger
    by itself; below `ordinary_below` a rule that is not certain is held back."""

    words: float
    meaning: float
    bias: float
    alarm_above: float
    ordinary_below: float


@dataclass(frozen=True, slots=True)
class Weights:
    """All that `veivis train matcher` learned, but what the model itself was taught."""

    match: Mapping[Means, MatchWeights]
    danger: Mapping[Means, DangerWeights]

    @classmethod
    def read(cls, path: Path) -> "Weights":
        kept = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            match={
                Means(means): MatchWeights(
                    topic=np.array([entry["topic"][name] for name in FEATURES]),
                    gate=np.array([entry["gate"][name] for name in GATE_FEATURES]),
                    gate_bias=entry["gate_bias"],
                    abstain_below=entry["abstain_below"],
                    ask_below=entry["ask_below"],
                    offer_above=entry["offer_above"],
                )
                for means, entry in kept["match"].items()
            },
            danger={Means(means): DangerWeights(**entry) for means, entry in kept["danger"].items()},
        )

    @classmethod
    def untrained(cls) -> "Weights":
        """Every feature counts alike and nothing is held back: a start for `veivis train matcher`."""
        even = MatchWeights(np.ones(len(FEATURES)), np.zeros(len(GATE_FEATURES)), 0.0, 0.0, 0.0, 0.0)
        silent = DangerWeights(1.0, 1.0, 0.0, alarm_above=2.0, ordinary_below=0.0)
        return cls(dict.fromkeys(Means, even), dict.fromkeys(Means, silent))

    def write(self, path: Path) -> None:
        """Small enough to read, every weight by its name."""
        match = {
            means: {
                "topic": _named(FEATURES, w.topic),
                "gate": _named(GATE_FEATURES, w.gate),
                "gate_bias": round(w.gate_bias, 4),
                "abstain_below": round(w.abstain_below, 4),
                "ask_below": round(w.ask_below, 4),
                "offer_above": round(w.offer_above, 4),
            }
            for means, w in self.match.items()
        }
        danger = {means: {name: round(value, 4) for name, value in asdict(w).items()} for means, w in self.danger.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"match": match, "danger": danger}, indent=1) + "\n", encoding="utf-8")


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(names, values, strict=True)}


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found for one question. Score arrays are in the order of `topics`. `sure_of_meaning`: the probability, for meaning alone, of its
    likeliest topic. `goes_on`: the probability that the message can only be understood by what the conversation is about."""

    topics: Sequence[str]
    examples: Hits
    articles: Hits
    letters: Array
    meaning: Array
    sure_of_meaning: float
    named: Array
    audience: Array
    current: str | None
    goes_on: float
    known_share: float
    words: int
    means: Means


def features_of(evidence: Evidence) -> Array:
    """Shape (topics, FEATURES)."""
    position = {t: i for i, t in enumerate(evidence.topics)}
    current = np.array([float(t == evidence.current) for t in evidence.topics])
    columns = [
        evidence.letters,
        evidence.meaning,
        _relative_cosine(evidence.articles.semantic, position),
        _relative_score(evidence.examples.lexical, position),
        _relative_score(evidence.articles.lexical, position),
        evidence.named,
        evidence.audience,
        current,
        evidence.goes_on * current,
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
    return np.array(
        [
            10 * (max((h.score for h in evidence.articles.semantic), default=0.85) - 0.85),
            evidence.known_share,
            best[0],
            best[0] - best[1],
            float(ranked[outside]) if outside is not None else 0.0,
            min(evidence.words, 20) / 20,
            evidence.sure_of_meaning,
        ]
    )


def inside_probability(gate: Array, weights: Array, bias: float) -> float:
    return float(1 / (1 + np.exp(-(gate @ weights + bias))))


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
