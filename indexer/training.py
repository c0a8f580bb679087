"""Learns the weights of `ranking.py` from the example questions: every question is scored by models that have not seen it.

The thresholds are chosen on the same held-out scores by cost. `veivis train matcher` runs this and writes the weights.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from indexer.analysis import Analyzer, words_of
from indexer.danger_likeness import DangerExample, DangerReport, choose_threshold
from indexer.knowledge_base import ExampleQuestion, KnowledgeBase
from indexer.matching import _ARTICLE_HITS, _ARTICLE_KINDS, _EXAMPLE_HITS, OUTSIDE, TopicSignals
from indexer.passages import PassageKind, question_passage
from indexer.question_model import QuestionModel, TrainingQuestion
from indexer.ranking import FEATURES, Array, Evidence, Weights, features_of, gate_features, probabilities
from indexer.search_index import Hits, Query, SearchIndex, Vector

Flags = npt.NDArray[np.bool_]
Order = npt.NDArray[np.intp]

_FOLDS = 3
_MOST_HELD_OUT = 4000
"""Ten weights are learned from a few thousand questions as well as from all."""
_SEED = 7
_L2 = 0.3
_CURRENT_TOPIC_WEIGHT = 0.8
"""Chosen by hand: single questions cannot teach how much the talk so far says. About a third of a clear hit."""
_COST_WRONG_ANSWER, _COST_SILENT, _COST_ASKED = 1.0, 0.6, 0.9
"""Asking back costs nearly as much as a wrong answer: whoever asked a plain question waits for one, and an answer that is less than
certain offers the other topics beside it all the same."""


@dataclass(frozen=True, slots=True)
class TrainingReport:
    """Held-out figures over the example questions: share right, right among three, and what the gate does."""

    questions: int
    right: float
    right_in_three: float
    lexical_right: float
    outside_held_back: float
    inside_held_back: float
    danger: DangerReport
    lexical_danger: DangerReport


def train_weights(
    base: KnowledgeBase,
    questions: Sequence[ExampleQuestion],
    vectors: dict[str, Vector],
    index: SearchIndex,
    analyzer: Analyzer,
    danger_examples: Sequence[DangerExample],
) -> tuple[Weights, TrainingReport]:
    """`index` holds every question and article with its vector. Takes a minute or two for some thousand questions."""
    held_out = list(_held_out(base, questions, vectors, index, analyzer))
    semantic = _fit(held_out)
    lexical = _fit([replace(h, evidence=_without_vectors(h.evidence)) for h in held_out])
    danger = choose_threshold(danger_examples)
    lexical_danger = choose_threshold([replace(e, vector=None) for e in danger_examples])
    weights = Weights(
        topic=semantic.topic,
        lexical_topic=lexical.topic,
        gate=semantic.gate,
        gate_bias=semantic.bias,
        lexical_gate=lexical.gate,
        lexical_gate_bias=lexical.bias,
        abstain_below=semantic.abstain_below,
        lexical_abstain_below=lexical.abstain_below,
        ask_below=semantic.ask_below,
        danger_above=danger.threshold,
        lexical_danger_above=lexical_danger.threshold,
    )
    return weights, TrainingReport(
        questions=len(held_out),
        right=semantic.right,
        right_in_three=semantic.right_in_three,
        lexical_right=lexical.right,
        outside_held_back=semantic.outside_held_back,
        inside_held_back=semantic.inside_held_back,
        danger=danger,
        lexical_danger=lexical_danger,
    )


@dataclass(frozen=True, slots=True)
class _HeldOut:
    question: ExampleQuestion
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class _Fitted:
    topic: Array
    gate: Array
    bias: float
    abstain_below: float
    ask_below: float
    right: float
    right_in_three: float
    outside_held_back: float
    inside_held_back: float


def _held_out(
    base: KnowledgeBase,
    questions: Sequence[ExampleQuestion],
    vectors: dict[str, Vector],
    index: SearchIndex,
    analyzer: Analyzer,
) -> Iterator[_HeldOut]:
    terms = {q.text: analyzer.terms(q.text) for q in questions}
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED)
    labels = [q.topic for q in questions]
    asked = set(np.random.default_rng(_SEED).permutation(len(labels))[:_MOST_HELD_OUT].tolist())
    asked |= {i for i, topic in enumerate(labels) if topic == OUTSIDE}
    for seen, unseen in folds.split(np.zeros(len(labels)), labels):
        train = [questions[i] for i in seen]
        model = QuestionModel([TrainingQuestion(q.text, terms[q.text], vectors.get(q.text), q.topic) for q in train])
        signals = TopicSignals(base, analyzer, model.topics, train)
        hidden = {question_passage(questions[i]).id for i in unseen}
        for i in (i for i in unseen if int(i) in asked):
            yield _HeldOut(
                questions[i], _evidence(questions[i], vectors.get(questions[i].text), model, signals, index, analyzer, hidden)
            )


def _evidence(
    question: ExampleQuestion,
    vector: Vector | None,
    model: QuestionModel,
    signals: TopicSignals,
    index: SearchIndex,
    analyzer: Analyzer,
    hidden: set[str],
) -> Evidence:
    """As `Matcher.evidence`, but blind to the questions of the same fold."""
    terms = analyzer.query_terms(question.text)
    wider = index.search(Query(terms, vector, (PassageKind.QUESTION,), _EXAMPLE_HITS * 2))
    examples = Hits(
        tuple(h for h in wider.lexical if h.passage.id not in hidden)[:_EXAMPLE_HITS],
        tuple(h for h in wider.semantic if h.passage.id not in hidden)[:_EXAMPLE_HITS],
    )
    return Evidence(
        topics=model.topics,
        examples=examples,
        articles=index.search(Query(terms, vector, _ARTICLE_KINDS, _ARTICLE_HITS)),
        letters=model.letters(question.text, terms),
        meaning=model.meaning(vector),
        named=signals.named(terms),
        audience=signals.audience(question.audience),
        current=None,
        known_share=sum(map(analyzer.knows, terms)) / len(terms) if terms else 0.0,
        words=len(words_of(question.text)),
        has_vector=vector is not None,
    )


def _without_vectors(evidence: Evidence) -> Evidence:
    return replace(
        evidence,
        examples=Hits(evidence.examples.lexical, ()),
        articles=Hits(evidence.articles.lexical, ()),
        meaning=np.zeros_like(evidence.meaning),
        has_vector=False,
    )


def _fit(held_out: Sequence[_HeldOut]) -> _Fitted:
    features = np.stack([features_of(h.evidence) for h in held_out])
    topics = held_out[0].evidence.topics
    gold = np.array([topics.index(h.question.topic) for h in held_out])
    outside = topics.index(OUTSIDE) if OUTSIDE in topics else None
    weights = _fit_topic_weights(features, gold)
    ranked = np.stack([probabilities(f, weights) for f in features])
    is_inside = gold != outside if outside is not None else np.ones(len(gold), dtype=bool)
    gates = np.stack([gate_features(h.evidence, r, outside) for h, r in zip(held_out, ranked, strict=True)])
    gate, bias, inside = _fit_gate(gates, is_inside)
    order = _order_without(ranked, outside)
    right = order[:, 0] == gold
    in_three = (order[:, :3] == gold[:, None]).any(axis=1)
    abstain_below = _cheapest_floor(inside, is_inside, right)
    best = ranked[np.arange(len(gold)), order[:, 0]]
    share = best / (1 - ranked[:, outside]).clip(1e-9) if outside is not None else best
    return _Fitted(
        topic=weights,
        gate=gate,
        bias=bias,
        abstain_below=abstain_below,
        ask_below=_cheapest_ask(share[is_inside], right[is_inside]),
        right=float(right[is_inside].mean()),
        right_in_three=float(in_three[is_inside].mean()),
        outside_held_back=float((inside[~is_inside] < abstain_below).mean()) if (~is_inside).any() else 0.0,
        inside_held_back=float((inside[is_inside] < abstain_below).mean()),
    )


def _fit_topic_weights(features: Array, gold: Array) -> Array:
    """Conditional logit: the weights under which the right topic is likeliest. Never negative: no evidence counts against its topic."""
    current = FEATURES.index("current")
    wanted = features[np.arange(len(gold)), gold]

    def loss(weights: Array) -> tuple[float, Array]:
        scores = features @ weights
        peak = scores.max(axis=1, keepdims=True)
        powers = np.exp(scores - peak)
        total = powers.sum(axis=1, keepdims=True)
        log_likelihood = (wanted @ weights) - (peak + np.log(total))[:, 0]
        expected = np.einsum("qt,qtf->qf", powers / total, features)
        gradient = -(wanted - expected).sum(axis=0) + 2 * _L2 * weights
        return -log_likelihood.sum() + _L2 * float(weights @ weights), gradient

    start = np.full(len(FEATURES), 0.5)
    bounds = [(0.0, None)] * len(FEATURES)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    found[current] = _CURRENT_TOPIC_WEIGHT
    return np.asarray(found)


def _fit_gate(gates: Array, is_inside: Flags) -> tuple[Array, float, Array]:
    if is_inside.all():
        return np.zeros(gates.shape[1]), 10.0, np.ones(len(gates))
    model = LogisticRegression(C=1.0, max_iter=1000, class_weight={True: 1.0, False: _outside_weight(is_inside)})
    model.fit(gates, is_inside)
    inside = model.predict_proba(gates)[:, list(model.classes_).index(True)]
    sign = 1.0 if model.classes_[1] else -1.0
    return sign * model.coef_[0], sign * float(model.intercept_[0]), inside


def _outside_weight(is_inside: Flags) -> float:
    """As if one message in five were not ours."""
    return 0.25 * float(is_inside.sum()) / max(1.0, float((~is_inside).sum()))


def _cheapest_floor(inside: Array, is_inside: Flags, right: Flags) -> float:
    """Below which probability of being ours silence is cheapest."""
    weight = np.where(is_inside, 1.0, _outside_weight(is_inside))
    floors = np.linspace(0.02, 0.98, 97)
    costs = []
    for floor in floors:
        silent = inside < floor
        wrong = np.where(is_inside, ~right, True) & ~silent
        costs.append(float((weight * (wrong * _COST_WRONG_ANSWER + (silent & is_inside) * _COST_SILENT)).sum()))
    return float(floors[int(np.argmin(costs))])


def _cheapest_ask(share: Array, right: Flags) -> float:
    """Below which confidence asking back is cheaper than a wrong answer."""
    floors = np.linspace(0.0, 0.6, 61)
    costs = [float(((share < f) * _COST_ASKED + ((share >= f) & ~right) * _COST_WRONG_ANSWER).sum()) for f in floors]
    return float(floors[int(np.argmin(costs))])


def _order_without(ranked: Array, outside: int | None) -> Order:
    hidden = ranked.copy()
    if outside is not None:
        hidden[:, outside] = -1
    return np.argsort(-hidden, axis=1, kind="stable")
