"""Hits -> ranked topics with a confidence. Whether to answer, ask back or abstain is decided here and nowhere else.

Works with what there is: without vectors by words alone, without the engine by the question model alone (then marked degraded).
"""

import re
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

import numpy as np

from indexer.adapter import Head
from indexer.analysis import Analyzer, words_of
from indexer.embedding import QUERY, Embedder
from indexer.knowledge_base import ExampleQuestion, KnowledgeBase
from indexer.passages import PassageKind
from indexer.question_model import QuestionModel, standard
from indexer.ranking import Array, Evidence, Means, Weights, features_of, gate_features, inside_probability, probabilities
from indexer.search_index import Hits, Query, SearchIndex, SearchUnavailable, Vector

OUTSIDE = "utenfor"
"""The pseudo-topic of questions that are not ours (`knowledge/utenfor.yml`); never answered from."""

_CERTAIN = 0.6
FEW_WORDS = 5
"""So many words or fewer say too little: to be turned away by, or to stand alone in a conversation."""
EXAMPLE_HITS = 80
_ARTICLE_HITS = 60
_ARTICLE_KINDS = (PassageKind.SHORT, PassageKind.SECTION)
_LISTED = 10
_NAME_ENDS, _LINKING_WORD, _ACRONYM = (
    re.compile(r"\s*[(:–]"),
    re.compile(r" (?:og|for|til|i|ved|fra|som|når) "),
    re.compile(r"\b[A-ZÆØÅ]{2,}\b"),
)
_TELLING_NAME = 8
"""A first word shorter than this («Støtte», «Rett») names no topic by itself."""
_EMBEDDED_AT_ONCE = 2
_REMEMBERED = 32
"""Vectors of the newest questions, in memory only: within one turn the same words are asked about twice."""


class Verdict(StrEnum):
    ANSWER = "answer"
    ASK_BACK = "ask_back"
    ABSTAIN = "abstain"


@dataclass(frozen=True, slots=True)
class Question:
    """`current_topic` is what the conversation is about; a signal, not a filter, and a stronger one the likelier it is that the message can only
    be understood by it (`goes_on`: «og hvis vi får nei?»)."""

    text: str
    audience: str
    language: str
    current_topic: str | None = None
    goes_on: float = 0.0


@dataclass(frozen=True, slots=True)
class Matches:
    """`topics` best first, each with its `confidences`: the calibrated probability that it is what was asked.

    `named`: the question says the best topic's name. `degraded`: the engine was away.
    """

    verdict: Verdict
    topics: tuple[str, ...]
    confidences: tuple[float, ...]
    named: bool = False
    degraded: bool = False

    @property
    def certain(self) -> bool:
        return bool(self.confidences) and self.confidences[0] >= _CERTAIN

    @classmethod
    def of(cls, topic: str) -> "Matches":
        """A topic that was chosen, not searched for."""
        return cls(Verdict.ANSWER, (topic,), (1.0,), named=True)


class TopicMatcher(Protocol):
    def match(self, question: Question) -> Matches:
        """Never raises."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """What reads a question: the same for the service and for the training of its weights. `meaning` is None where nothing was trained."""

    analyzer: Analyzer
    model: QuestionModel
    meaning: Head | None
    signals: "TopicSignals"

    def queries(self, question: Question, vector: Vector | None, examples: int) -> tuple[Query, Query]:
        """What to ask the engine: for at most so many example questions, by words; for passages of articles, by words and meaning."""
        terms = self.analyzer.query_terms(question.text)
        return Query(terms, None, (PassageKind.QUESTION,), examples), Query(terms, vector, _ARTICLE_KINDS, _ARTICLE_HITS)

    def evidence(self, question: Question, vector: Vector | None, examples: Hits, articles: Hits) -> Evidence:
        """All that is known of the question. Pure."""
        topics, terms = self.model.topics, self.analyzer.query_terms(question.text)
        meant, sure = meaning_scores(self.meaning, vector, topics)
        means = Means.WORDS if self.meaning is None or vector is None else Means.ARTICLES if articles.semantic else Means.MEANING
        return Evidence(
            topics=topics,
            examples=examples,
            articles=articles,
            letters=self.model.scores(question.text, terms),
            meaning=meant,
            sure_of_meaning=sure,
            named=self.signals.named(terms),
            audience=self.signals.audience(question.audience),
            current=question.current_topic,
            goes_on=question.goes_on,
            known_share=sum(map(self.analyzer.knows, terms)) / len(terms) if terms else 0.0,
            words=len(words_of(question.text)),
            means=means,
        )


class Matcher:
    def __init__(self, index: SearchIndex, embedder: Embedder | None, understanding: Understanding, weights: Weights) -> None:
        """`embedder`: None to go by words alone."""
        self._index = index
        self._embedder = embedder
        self._understanding = understanding
        self._weights = weights
        self._lock = threading.Lock()
        self._recent: dict[str, Future[Vector]] = {}
        self._workers = ThreadPoolExecutor(_EMBEDDED_AT_ONCE, thread_name_prefix="question")

    def match(self, question: Question) -> Matches:
        """Never raises: an engine that is away makes the matches degraded."""
        vector = self.vector(question.text)
        for_examples, for_articles = self._understanding.queries(question, vector, EXAMPLE_HITS)
        try:
            examples, articles = self._index.search(for_examples), self._index.search(for_articles)
            degraded = False
        except SearchUnavailable:
            examples, articles, degraded = Hits((), ()), Hits((), ()), True
        evidence = self._understanding.evidence(question, vector, examples, articles)
        return replace(decide(evidence, self._weights), degraded=degraded)

    def anticipate(self, text: str) -> None:
        """Begins to embed a message that will be asked about in a moment, beside whatever comes before that."""
        if self._embedder is not None:
            self._embedding_of(text, self._embedder)

    def vector(self, text: str) -> Vector | None:
        """The embedding of a question, remembered for as long as its turn lasts; None without an embedder."""
        return None if self._embedder is None else self._embedding_of(text, self._embedder).result()

    def _embedding_of(self, text: str, embedder: Embedder) -> "Future[Vector]":
        with self._lock:
            known = self._recent.get(text)
            if known is None or (known.done() and known.exception() is not None):
                known = self._recent[text] = self._workers.submit(lambda: embedder.embed([QUERY + text])[0])
                while len(self._recent) > _REMEMBERED:
                    self._recent.pop(next(iter(self._recent)))
            return known


def meaning_scores(meaning: Head | None, vector: Vector | None, topics: Sequence[str]) -> tuple[Array, float]:
    """The standardised fit of each topic and the probability of the likeliest; zeros without a model or a vector. A topic younger than the
    model fits as little as the one that fits least."""
    if meaning is None or vector is None:
        return np.zeros(len(topics)), 0.0
    fit = meaning.log_probabilities(vector)
    by_label = dict(zip(meaning.labels, fit.tolist(), strict=True))
    least = float(fit.min())
    return standard(np.array([by_label.get(topic, least) for topic in topics])), float(np.exp(fit.max()))


def decide(evidence: Evidence, weights: Weights) -> Matches:
    """The ranking and the verdict for what was found. Pure."""
    used = weights.match[evidence.means]
    ranked = probabilities(features_of(evidence), used.topic)
    outside = evidence.topics.index(OUTSIDE) if OUTSIDE in evidence.topics else None
    inside = inside_probability(gate_features(evidence, ranked, outside), used.gate, used.gate_bias)
    order = [i for i in np.argsort(-ranked, kind="stable") if i != outside][:_LISTED]
    total = float(sum(np.delete(ranked, outside))) if outside is not None else 1.0
    confidences = tuple(float(ranked[i]) / max(total, 1e-9) * inside for i in order)
    topics = tuple(evidence.topics[i] for i in order)
    named = bool(evidence.named[order[0]] > 0.99)
    if named:
        # Whoever says the name of a topic asks about it, however short the question.
        verdict = Verdict.ANSWER
    elif inside < used.abstain_below:
        # A few words say too little to be turned away by: «hjelp til gutten», «noe om penger».
        verdict = Verdict.ASK_BACK if inside >= used.offer_above and evidence.words <= FEW_WORDS else Verdict.ABSTAIN
    elif float(ranked[order[0]]) / max(total, 1e-9) < used.ask_below:
        verdict = Verdict.ASK_BACK
    else:
        verdict = Verdict.ANSWER
    return Matches(verdict, topics, confidences, named)


class TopicSignals:
    """What is known of the topics before any search: the words of their names, and who usually asks about them."""

    def __init__(
        self, base: KnowledgeBase, analyzer: Analyzer, topics: Sequence[str], questions: Sequence[ExampleQuestion]
    ) -> None:
        self._names: list[tuple[frozenset[str], ...]] = []
        for topic in topics:
            names = _spoken_names(base.topics[topic].name) if topic in base.topics else ()
            self._names.append(tuple(terms for name in names if (terms := frozenset(analyzer.terms(name)))))
        self._count = len(topics)
        self._usual = _usual_audiences(topics, questions)

    def named(self, terms: Sequence[str]) -> Array:
        """The share of each topic's name that the terms say; of its names, the one said most of."""
        said = set(terms)
        return np.array([max((len(name & said) / len(name) for name in names), default=0.0) for names in self._names])

    def audience(self, audience: str) -> Array:
        return self._usual.get(audience, np.zeros(self._count))


def _spoken_names(name: str) -> tuple[str, ...]:
    """How people say a topic's name: «Parkeringstillatelse for forflytningshemmede» as «parkeringstillatelse», «Individuell plan (IP)» also as «IP»."""
    head = _NAME_ENDS.split(name)[0]
    short = _LINKING_WORD.split(head)[0]
    acronyms = _ACRONYM.findall(name)
    return (head, *([short] if len(short) >= _TELLING_NAME else []), *acronyms)


def _usual_audiences(topics: Sequence[str], questions: Sequence[ExampleQuestion]) -> Mapping[str, Array]:
    """For each audience: the logarithm of how much more usual than average it is that it asks about each topic."""
    pairs = Counter((q.audience, q.topic) for q in questions)
    totals = Counter(q.topic for q in questions)
    audiences = Counter(q.audience for q in questions)
    everything = max(1, sum(audiences.values()))
    return {
        audience: np.array(
            [np.log((pairs[audience, t] + 2 * count / everything) / (totals[t] + 2)) - np.log(count / everything) for t in topics]
        )
        for audience, count in audiences.items()
    }
