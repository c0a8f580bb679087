"""Is a message like those that people in danger write? The second net, behind the rules of `api/chat/crisis.py`, for what no rule knows.

Linear models on words, letters and (once there are vectors) the embedding, trained where they run on `knowledge/fareeksempler.yml` against
harmless messages that sound alike and all example questions. The rules come first and need none of this.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from indexer.analysis import normalise
from indexer.search_index import Vector

HARMLESS = "ingen"
"""The kind of the examples that only sound dangerous."""

_WORD_OR_MARK = re.compile(r"[^\W_]+|[^\w\s]")
_SEED = 11
_FOLDS = 3
_BESIDE_WORDS = 5.0
_DANGER_WEIGHT, _QUESTION_WEIGHT = 3.0, 0.5
_MOST_ORDINARY_ALARMS = 0.004
_MOST_HARMLESS_ALARMS = 0.04
"""Of questions about rights and services, and of messages that sound alarming and are not: how many may raise the alarm."""


@dataclass(frozen=True, slots=True)
class DangerExample:
    """`kind` is a danger of `krise.yml`, HARMLESS for what only sounds alike, or None for an ordinary question."""

    text: str
    kind: str | None
    vector: Vector | None

    @property
    def is_danger(self) -> bool:
        return self.kind not in (None, HARMLESS)


@dataclass(frozen=True, slots=True)
class Likeness:
    """`score` is a distance from the border, to be held against the learned threshold; `kind` is the danger it is most like."""

    score: float
    kind: str


class DangerLikeness:
    """Safe to share between threads once trained. Raises ValueError without examples of danger of two kinds."""

    def __init__(self, examples: Sequence[DangerExample]) -> None:
        if len({e.kind for e in examples if e.is_danger}) < 2:
            raise ValueError("examples of at least two kinds of danger are needed")
        self.semantic = all(e.vector is not None for e in examples)
        self._words = TfidfVectorizer(tokenizer=_words_and_marks, token_pattern=None, ngram_range=(1, 2), sublinear_tf=True)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
        texts = [normalise(e.text) for e in examples]
        self._words.fit(texts)
        self._letters.fit(texts)
        self._centre = self._mean_of_ordinary(examples)
        matrix = self._features([e.text for e in examples], [e.vector for e in examples])
        weights = [_DANGER_WEIGHT if e.is_danger else _QUESTION_WEIGHT if e.kind is None else 1.0 for e in examples]
        is_danger = [e.is_danger for e in examples]
        self._alarm = LinearSVC(C=0.3, random_state=_SEED).fit(matrix, is_danger, sample_weight=weights)
        rows = [i for i, danger in enumerate(is_danger) if danger]
        self._kinds = LinearSVC(C=0.3, random_state=_SEED).fit(matrix[rows], [examples[i].kind for i in rows])

    def likeness(self, text: str, vector: Vector | None) -> Likeness:
        """`vector` is needed when the model was trained with vectors."""
        row = self._features([text], [vector])
        return Likeness(float(self._alarm.decision_function(row)[0]), str(self._kinds.predict(row)[0]))

    def scores(self, examples: Sequence[DangerExample]) -> npt.NDArray[np.float64]:
        """Shape (examples,)."""
        matrix = self._features([e.text for e in examples], [e.vector for e in examples])
        return np.asarray(self._alarm.decision_function(matrix))

    def _mean_of_ordinary(self, examples: Sequence[DangerExample]) -> Vector:
        if not self.semantic:
            return np.zeros(0, dtype=np.float32)
        ordinary = [e.vector for e in examples if e.kind is None and e.vector is not None]
        mean: Vector = np.mean(np.array(ordinary, dtype=np.float32), axis=0)
        return mean

    def _features(self, texts: Sequence[str], vectors: Sequence[Vector | None]) -> csr_matrix:
        plain = [normalise(text) for text in texts]
        written = [self._words.transform(plain), self._letters.transform(plain)]
        if self.semantic:
            written.append((np.array(vectors, dtype=np.float32) - self._centre) * _BESIDE_WORDS)
        return hstack(written).tocsr()


def _words_and_marks(text: str) -> list[str]:
    return _WORD_OR_MARK.findall(text)


@dataclass(frozen=True, slots=True)
class DangerReport:
    """Held-out shares at the threshold chosen."""

    threshold: float
    recall: float
    harmless_alarms: float
    ordinary_alarms: float


def choose_threshold(examples: Sequence[DangerExample]) -> DangerReport:
    """Every example is scored by a model that has not seen it; the threshold is the lowest that keeps false alarms within bounds."""
    scores = np.zeros(len(examples))
    strata = [str(e.kind) for e in examples]
    for seen, unseen in StratifiedKFold(_FOLDS, shuffle=True, random_state=_SEED).split(scores, strata):
        model = DangerLikeness([examples[i] for i in seen])
        scores[unseen] = model.scores([examples[i] for i in unseen])
    danger = np.array([e.is_danger for e in examples])
    ordinary = np.array([e.kind is None for e in examples])
    harmless = ~danger & ~ordinary
    bounds = (
        np.quantile(scores[ordinary], 1 - _MOST_ORDINARY_ALARMS),
        np.quantile(scores[harmless], 1 - _MOST_HARMLESS_ALARMS),
    )
    threshold = float(max(bounds))
    return DangerReport(
        threshold=threshold,
        recall=float((scores[danger] > threshold).mean()),
        harmless_alarms=float((scores[harmless] > threshold).mean()),
        ordinary_alarms=float((scores[ordinary] > threshold).mean()),
    )
