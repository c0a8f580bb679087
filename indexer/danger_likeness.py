"""Is a message like those that people in danger write? The second net, behind the rules of `api/chat/crisis.py`, for what no rule knows.

It also knows what ordinary questions are like, and so holds back a rule that is not certain of itself. Words and letters are learned where the
service runs, from `knowledge/fareeksempler.yml` against all example questions; meaning comes trained (`adapter.py`). The rules need none of this.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from indexer.adapter import Head
from indexer.analysis import normalise
from indexer.ranking import DangerWeights
from indexer.search_index import Vector
from indexer.text_features import TextFeatures

HARMLESS = "ingen"
"""The kind of the examples that only sound dangerous, and of ordinary questions in the model of meaning."""

_WORD_OR_MARK = re.compile(r"[^\W_]+|[^\w\s]")
_SEED = 11
_DANGER_WEIGHT, _QUESTION_WEIGHT = 3.0, 0.5


@dataclass(frozen=True, slots=True)
class DangerExample:
    """`kind` is a danger of `krise.yml`, HARMLESS for what only sounds alike, or None for an ordinary question."""

    text: str
    kind: str | None

    @property
    def is_danger(self) -> bool:
        return self.kind not in (None, HARMLESS)


@dataclass(frozen=True, slots=True)
class Likeness:
    """`probability` that it is danger, calibrated on examples like ours; `kind` is the danger it is most like. `alarming`: danger by itself.
    `ordinary`: so unlike danger that a rule must be certain to say otherwise."""

    probability: float
    kind: str
    alarming: bool
    ordinary: bool


class DangerWords:
    """By words and letters. Safe to share between threads once trained. Raises ValueError without examples of two kinds of danger."""

    def __init__(self, examples: Sequence[DangerExample]) -> None:
        if len({e.kind for e in examples if e.is_danger}) < 2:
            raise ValueError("examples of at least two kinds of danger are needed")
        self._words = TfidfVectorizer(tokenizer=_words_and_marks, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
        texts = [normalise(e.text) for e in examples]
        matrix = hstack([self._words.fit_transform(texts), self._letters.fit_transform(texts)]).tocsr()
        weights = [_DANGER_WEIGHT if e.is_danger else _QUESTION_WEIGHT if e.kind is None else 1.0 for e in examples]
        is_danger = [e.is_danger for e in examples]
        self._alarm = LinearSVC(C=0.3, random_state=_SEED).fit(matrix, is_danger, sample_weight=weights)
        rows = [i for i, danger in enumerate(is_danger) if danger]
        self._kinds = LinearSVC(C=0.3, random_state=_SEED).fit(matrix[rows], [examples[i].kind for i in rows])
        self._features = TextFeatures([self._words, self._letters])

    def margin(self, text: str) -> float:
        """The distance from the border, above 0 on the side of danger."""
        plain = normalise(text)
        features, values = self._features.of(plain, plain)
        return float(values @ self._alarm.coef_[0, features] + self._alarm.intercept_[0])

    def kind(self, text: str) -> str:
        """The danger that it would be."""
        return str(self._kinds.predict(self._written([text]))[0])

    def _written(self, texts: Sequence[str]) -> csr_matrix:
        plain = [normalise(text) for text in texts]
        return hstack([self._words.transform(plain), self._letters.transform(plain)]).tocsr()


@dataclass(frozen=True, slots=True)
class DangerNet:
    """`meaning` is None where nothing was trained; then words decide alone, with `weights` of their own."""

    words: DangerWords
    meaning: Head | None
    weights: DangerWeights

    def likeness(self, text: str, vector: Vector | None) -> Likeness:
        """`vector` is needed when there is a model of meaning."""
        margin = self.words.margin(text)
        odds, kind = (0.0, None) if self.meaning is None or vector is None else meaning_odds(self.meaning, vector)
        probability = danger_probability(margin, odds, self.weights)
        return Likeness(
            probability,
            kind or self.words.kind(text),
            alarming=probability >= self.weights.alarm_above,
            ordinary=probability < self.weights.ordinary_below,
        )


def meaning_odds(meaning: Head, vector: Vector) -> tuple[float, str]:
    """The logarithm of the odds that what the vector means is danger, and the likeliest danger."""
    fit = meaning.log_probabilities(vector)
    harmless = meaning.labels.index(HARMLESS)
    danger = np.delete(fit, harmless)
    kinds = [label for label in meaning.labels if label != HARMLESS]
    return float(np.logaddexp.reduce(danger) - fit[harmless]), kinds[int(danger.argmax())]


def danger_probability(margin: float, odds: float, weights: DangerWeights) -> float:
    return float(1 / (1 + np.exp(-(weights.words * margin + weights.meaning * odds + weights.bias))))


def _words_and_marks(text: str) -> list[str]:
    return _WORD_OR_MARK.findall(text)
