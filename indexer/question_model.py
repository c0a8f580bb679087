"""A classifier of questions, trained on the example questions: which topic do these words, letters and this meaning usually ask about?

Two linear models side by side: one on terms and letter n-grams (needs nothing else), one on the embedding (once there are vectors).
Trained where it runs, in well under a minute; the same examples give the same model.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC

from indexer.analysis import normalise
from indexer.search_index import Vector

Scores = npt.NDArray[np.float64]
"""Shape (topics,), in the order of `QuestionModel.topics`, with mean 0 and deviation 1 over the topics."""

_SEED = 20260101
_SPREAD = 3.0
"""Brings centred vectors to a length at which the regularisation does its work."""


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """One example as the model sees it: its terms, its raw text, its vector if there is one, and its topic."""

    text: str
    terms: tuple[str, ...]
    vector: Vector | None
    topic: str


class QuestionModel:
    def __init__(self, examples: Sequence[TrainingQuestion]) -> None:
        """Trains on `examples`; raises ValueError with fewer than two topics."""
        self.topics = tuple(sorted({e.topic for e in examples}))
        if len(self.topics) < 2:
            raise ValueError("example questions of at least two topics are needed")
        self._words = TfidfVectorizer(analyzer=_as_is, sublinear_tf=True, ngram_range=(1, 1), min_df=1)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
        labels = [e.topic for e in examples]
        self._words.fit([_with_pairs(e.terms) for e in examples])
        self._letters.fit([normalise(e.text) for e in examples])
        matrix = self._written([e.text for e in examples], [e.terms for e in examples])
        self._by_letters = _svm(matrix, labels)
        embedded = [e for e in examples if e.vector is not None]
        self._centre: Vector = np.zeros(0, dtype=np.float32)
        self._by_meaning: _Linear | None = None
        if {e.topic for e in embedded} == set(self.topics):
            # e5's cosines all lie between .7 and .9: without the mean the differences between questions come forward.
            vectors = np.array([e.vector for e in embedded], dtype=np.float32)
            self._centre = vectors.mean(axis=0)
            topics = [e.topic for e in embedded]
            meaning = LogisticRegression(C=10.0, max_iter=300, tol=1e-3)
            self._by_meaning = _Linear.of(meaning.fit((vectors - self._centre) * _SPREAD, topics))

    @property
    def knows_meaning(self) -> bool:
        return self._by_meaning is not None

    def letters(self, text: str, terms: Sequence[str]) -> Scores:
        """How well words and letters fit each topic."""
        return self._scores(self._by_letters, self._written([text], [terms]))

    def meaning(self, vector: Vector | None) -> Scores:
        """How well the embedding fits each topic; zeros without a vector or a model of meaning."""
        if vector is None or self._by_meaning is None:
            return np.zeros(len(self.topics))
        return self._scores(self._by_meaning, ((vector - self._centre) * _SPREAD).reshape(1, -1))

    def _written(self, texts: Sequence[str], terms: Sequence[Sequence[str]]) -> csr_matrix:
        """Shape (texts, words and letters)."""
        words = self._words.transform([_with_pairs(t) for t in terms])
        return hstack([words, self._letters.transform([normalise(t) for t in texts])]).tocsr().astype(np.float32)

    def _scores(self, model: "_Linear", row: csr_matrix | npt.NDArray[np.float32]) -> Scores:
        # With two topics scikit-learn gives one number instead of one for each.
        return _standard(np.asarray(row @ model.weights)[0] + model.bias if len(self.topics) > 2 else np.zeros(len(self.topics)))


@dataclass(frozen=True, slots=True)
class _Linear:
    """A trained linear model as one row of weights a feature, so that a question reads only the rows of its own words.

    scikit-learn's own `decision_function` copies the whole matrix for every sparse row: 50 ms a question with 138 topics.
    """

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float64]

    @classmethod
    def of(cls, model: LinearSVC | LogisticRegression) -> "_Linear":
        return cls(np.ascontiguousarray(model.coef_.T, dtype=np.float32), np.asarray(model.intercept_, dtype=np.float64))


def _svm(matrix: csr_matrix, labels: Sequence[str]) -> _Linear:
    return _Linear.of(LinearSVC(C=0.3, tol=1e-3, random_state=_SEED).fit(matrix, labels))


def _standard(scores: npt.NDArray[np.float64]) -> Scores:
    spread = float(scores.std())
    centred: Scores = scores - scores.mean()
    return centred / spread if spread else centred


def _with_pairs(terms: Sequence[str]) -> list[str]:
    return [*terms, *(f"{a} {b}" for a, b in pairwise(terms))]


def _as_is(terms: list[str]) -> list[str]:
    return terms
