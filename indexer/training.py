"""Learns how everything is weighed together, from the examples in `knowledge/` that nothing else learned from (`held_back`).

What a mistake costs decides the thresholds. `veivis train matcher` runs this, after `veivis train meaning` has taught the model.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from indexer.adapter import GOES_ON, Head, held_back
from indexer.analysis import Analyzer
from indexer.article import Audience, Language
from indexer.danger_likeness import DangerExample, DangerWords, meaning_odds
from indexer.knowledge_base import ExampleQuestion, KnowledgeBase, TalkLine
from indexer.matching import EXAMPLE_HITS, FEW_WORDS, OUTSIDE, Question, TopicSignals, Understanding
from indexer.passages import question_passage
from indexer.question_model import QuestionModel, TrainingQuestion
from indexer.ranking import (
    FEATURES,
    Array,
    DangerWeights,
    Evidence,
    MatchWeights,
    Means,
    Weights,
    features_of,
    gate_features,
    probabilities,
)
from indexer.search_index import Hits, SearchIndex, Vector

Flags = npt.NDArray[np.bool_]
Order = npt.NDArray[np.intp]

_L2 = 0.3
_IN_TALK = ("current", "continued")
"""The features that single questions cannot teach."""
_COST_WRONG_ANSWER, _COST_SILENT, _COST_ASKED = 1.0, 0.85, 0.9
_COST_OFFERED, _COST_OFFERED_IN_VAIN, _COST_SILENT_TO_A_FEW_WORDS = 0.3, 0.5, 0.6
"""Silence where we had the answer is nearly as bad as a wrong one: at .6, a question in thirty of our own was turned away. Where we would be
silent, an offer of topics is better for whoever asked about ours, and a nuisance for whoever did not; whoever wrote a few words soon writes more.
Asking back costs nearly as much as a wrong answer: whoever asked a plain question waits for one, and an answer that is less than
certain offers the other topics beside it all the same."""
_MOST_ORDINARY_ALARMS = 0.003
_MOST_HARMLESS_ALARMS = 0.03
"""Of questions about rights and services, and of messages that sound alarming and are not: how many the second net may take for danger."""
_LOST_TO_DOUBT = 0.01
"""Of messages from people in danger: how many may look so ordinary that an uncertain rule is held back."""


@dataclass(frozen=True, slots=True)
class MatchReport:
    """Held-out shares: right, right among three, and what is held back of what is ours and of what is not."""

    right: float
    right_in_three: float
    outside_held_back: float
    inside_held_back: float


@dataclass(frozen=True, slots=True)
class DangerReport:
    """Held-out shares that the second net takes for danger, and the dangers that look ordinary to it."""

    recall: float
    harmless_alarms: float
    ordinary_alarms: float
    danger_ordinary: float
    questions_ordinary: float


@dataclass(frozen=True, slots=True)
class Trained:
    weights: Weights
    questions: int
    matching: Mapping[Means, MatchReport]
    likeness: Mapping[Means, DangerReport]


@dataclass(frozen=True, slots=True)
class Examples:
    """All questions and messages of danger, and of what is said in conversations the lines that are held back."""

    questions: Sequence[ExampleQuestion]
    danger: Sequence[DangerExample]
    talks: Sequence[TalkLine]


def train(
    base: KnowledgeBase,
    examples: Examples,
    vectors: Mapping[str, Vector],
    heads: tuple[Head | None, Head | None, Head | None],
    index: SearchIndex,
    analyzer: Analyzer,
) -> Trained:
    """`vectors` of every text that is held back; `heads` for topics, for danger and for what goes on; `index` holds every
    question and article, the articles with their vectors. Takes some minutes."""
    topic_head, danger_head, context_head = heads
    asked = [(Question(q.text, q.audience, q.language), q.topic) for q in examples.questions if held_back(q.text)]
    # Only what is said in a talk about a topic can teach how much that topic counts.
    said = [
        (_in_talk(talk, vectors[talk.text], context_head), talk.topic)
        for talk in examples.talks
        if talk.topic and talk.current_topic
    ]
    held_out = list(_held_out(base, examples.questions, (*asked, *said), vectors, topic_head, index, analyzer))
    alone, in_talk = held_out[: len(asked)], held_out[len(asked) :]
    matching = {means: _fit(_by(means, alone), _by(means, in_talk)) for means in Means}
    likeness = _fit_danger(examples.danger, vectors, danger_head)
    return Trained(
        weights=Weights(
            match={means: fitted for means, (fitted, _) in matching.items()},
            danger={means: fitted for means, (fitted, _) in likeness.items()},
        ),
        questions=len(alone),
        matching={means: report for means, (_, report) in matching.items()},
        likeness={means: report for means, (_, report) in likeness.items()},
    )


@dataclass(frozen=True, slots=True)
class _HeldOut:
    topic: str
    evidence: Evidence


def _in_talk(talk: TalkLine, vector: Vector, context: Head | None) -> Question:
    """As it would be asked: by any parent, of a conversation about the line's current topic."""
    goes_on = float(talk.goes_on) if context is None else context.probability(GOES_ON, vector)
    return Question(talk.text, Audience.PARENT, Language.BOKMAL, talk.current_topic, goes_on)


def _held_out(
    base: KnowledgeBase,
    questions: Sequence[ExampleQuestion],
    examples: Sequence[tuple[Question, str]],
    vectors: Mapping[str, Vector],
    meaning: Head | None,
    index: SearchIndex,
    analyzer: Analyzer,
) -> Iterator[_HeldOut]:
    """Each of `examples`, with its topic, by the evidence of models and an index that know none of the questions that are held back."""
    known = [q for q in questions if not held_back(q.text)]
    unseen = [q for q in questions if held_back(q.text)]
    hidden = {question_passage(q).id for q in unseen}
    model = QuestionModel([TrainingQuestion(q.text, analyzer.terms(q.text), q.topic) for q in known])
    understanding = Understanding(analyzer, model, meaning, TopicSignals(base, analyzer, model.topics, known))
    for question, topic in examples:
        vector = vectors[question.text]
        for_examples, for_articles = understanding.queries(question, vector, EXAMPLE_HITS * 2)
        wider = index.search(for_examples).lexical
        near = Hits(tuple(h for h in wider if h.passage.id not in hidden)[:EXAMPLE_HITS], ())
        yield _HeldOut(topic, understanding.evidence(question, vector, near, index.search(for_articles)))


def _by(means: Means, held_out: Iterable[_HeldOut]) -> list[_HeldOut]:
    return [replace(h, evidence=_only(means, h.evidence)) for h in held_out]


def _only(means: Means, evidence: Evidence) -> Evidence:
    """The evidence as it would be with less to go by."""
    if means is Means.ARTICLES:
        return evidence
    without_articles = replace(evidence, articles=Hits(evidence.articles.lexical, ()), means=means)
    if means is Means.MEANING:
        return without_articles
    return replace(without_articles, meaning=np.zeros_like(evidence.meaning), sure_of_meaning=0.0)


def _fit(held_out: Sequence[_HeldOut], in_talk: Sequence[_HeldOut]) -> tuple[MatchWeights, MatchReport]:
    features = np.stack([features_of(h.evidence) for h in held_out])
    topics = held_out[0].evidence.topics
    gold = np.array([topics.index(h.topic) for h in held_out])
    outside = topics.index(OUTSIDE) if OUTSIDE in topics else None
    weights = _fit_weights(features, gold, [name not in _IN_TALK for name in FEATURES], np.full(len(FEATURES), 0.5))
    if in_talk:
        talked = np.stack([features_of(h.evidence) for h in in_talk])
        meant = np.array([topics.index(h.topic) for h in in_talk])
        weights = _fit_weights(talked, meant, [name in _IN_TALK for name in FEATURES], weights)
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
    few = np.array([h.evidence.words <= FEW_WORDS for h in held_out])
    unsure = few & (inside < abstain_below)
    offer_above = _cheapest_offer(inside[unsure], is_inside[unsure], abstain_below)
    ask_below = _cheapest_ask(share[is_inside], right[is_inside])
    fitted = MatchWeights(weights, gate, bias, abstain_below, ask_below, offer_above)
    report = MatchReport(
        right=float(right[is_inside].mean()),
        right_in_three=float(in_three[is_inside].mean()),
        outside_held_back=float((inside[~is_inside] < abstain_below).mean()) if (~is_inside).any() else 0.0,
        inside_held_back=float((inside[is_inside] < abstain_below).mean()),
    )
    return fitted, report


def _fit_danger(
    examples: Sequence[DangerExample], vectors: Mapping[str, Vector], meaning: Head | None
) -> Mapping[Means, tuple[DangerWeights, DangerReport]]:
    """By the examples that are held back, scored by models that have not seen them."""
    words = DangerWords([e for e in examples if not held_back(e.text)])
    unseen = [e for e in examples if held_back(e.text)]
    margins = np.array([words.margin(e.text) for e in unseen])
    by_words = _fit_likeness(margins, np.zeros_like(margins), unseen)
    if meaning is None:
        return dict.fromkeys(Means, by_words)
    odds = np.array([meaning_odds(meaning, vectors[e.text])[0] for e in unseen])
    by_both = _fit_likeness(margins, odds, unseen)
    return {Means.WORDS: by_words, Means.MEANING: by_both, Means.ARTICLES: by_both}


def _fit_likeness(margins: Array, odds: Array, examples: Sequence[DangerExample]) -> tuple[DangerWeights, DangerReport]:
    danger = np.array([e.is_danger for e in examples])
    ordinary = np.array([e.kind is None for e in examples])
    harmless = ~danger & ~ordinary
    columns = np.stack([margins, odds], axis=1)
    model = LogisticRegression(C=1.0).fit(columns, danger)
    probability = model.predict_proba(columns)[:, 1]
    alarm_above = float(
        max(
            np.quantile(probability[ordinary], 1 - _MOST_ORDINARY_ALARMS),
            np.quantile(probability[harmless], 1 - _MOST_HARMLESS_ALARMS),
        )
    )
    ordinary_below = float(np.quantile(probability[danger], _LOST_TO_DOUBT))
    fitted = DangerWeights(
        words=float(model.coef_[0][0]),
        meaning=float(model.coef_[0][1]),
        bias=float(model.intercept_[0]),
        alarm_above=alarm_above,
        ordinary_below=ordinary_below,
    )
    report = DangerReport(
        recall=float((probability[danger] >= alarm_above).mean()),
        harmless_alarms=float((probability[harmless] >= alarm_above).mean()),
        ordinary_alarms=float((probability[ordinary] >= alarm_above).mean()),
        danger_ordinary=float((probability[danger] < ordinary_below).mean()),
        questions_ordinary=float((probability[ordinary] < ordinary_below).mean()),
    )
    return fitted, report


def _fit_weights(features: Array, gold: Array, free: Sequence[bool], start: Array) -> Array:
    """Conditional logit: the weights under which the right topic is likeliest, those that are not `free` staying as they are in `start`. Never
    negative: no evidence counts against its topic."""
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

    bounds = [(0.0, None) if is_free else (value, value) for is_free, value in zip(free, start, strict=True)]
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


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


def _cheapest_offer(inside: Array, is_inside: Flags, abstain_below: float) -> float:
    """Above which probability of being ours a few words are answered with an offer of topics, though they are too little to answer."""
    weight = np.where(is_inside, 1.0, _outside_weight(is_inside)) if len(inside) else inside
    floors = np.linspace(0.0, abstain_below, 49)
    costs = []
    for floor in floors:
        offered = inside >= floor
        cost = np.where(is_inside, np.where(offered, _COST_OFFERED, _COST_SILENT_TO_A_FEW_WORDS), offered * _COST_OFFERED_IN_VAIN)
        costs.append(float((weight * cost).sum()))
    return float(floors[int(np.argmin(costs))])


def _order_without(ranked: Array, outside: int | None) -> Order:
    hidden = ranked.copy()
    if outside is not None:
        hidden[:, outside] = -1
    return np.argsort(-hidden, axis=1, kind="stable")
