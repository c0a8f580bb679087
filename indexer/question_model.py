"""A classifier of questions by how they are written: which topic do these words and letters usually ask about?

Trained where it runs, on the example questions, in a minute or two; the same examples give the same model.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import hstack
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from indexer.analysis import normalise
from indexer.text_features import TextFeatures

Scores = npt.NDArray[np.float64]
"""Shape (topics,), in the order of `QuestionModel.topics`, with mean 0 and deviation 1 over the topics."""

_SEED = 20260101
_ROUNDS = 8
"""Over the examples. In four it is right as often as in a hundred (.739 of those that it has not seen), in half of the time."""


@dataclass(frozen=True, slots=True)
class TrainingQuestion:
    """One example as the model sees it: its raw text, its terms and its topic."""

    text: str
    terms: tuple[str, ...]
    topic: str


class QuestionModel:
    def __init__(self, examples: Sequence[TrainingQuestion]) -> None:
        """Trains on `examples`; raises ValueError with fewer than two topics."""
        self.topics = tuple(sorted({e.topic for e in examples}))
        if len(self.topics) < 2:
            raise ValueError("example questions of at least two topics are needed")
        self._words = TfidfVectorizer(analyzer=_as_is, sublinear_tf=True, ngram_range=(1, 1), min_df=1)
        self._letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
        words = self._words.fit_transform([_with_pairs(e.terms) for e in examples])
        letters = self._letters.fit_transform([normalise(e.text) for e in examples])
        matrix = hstack([words, letters]).tocsr().astype(np.float32)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped before
            model = LinearSVC(C=0.3, max_iter=_ROUNDS, random_state=_SEED).fit(matrix, [e.topic for e in examples])
        # One row of weights a feature, so that a question reads only the rows of its own words. scikit-learn's own
        # `decision_function` copies the whole matrix for every sparse row: 50 ms a question with 138 topics.
        self._weights = np.ascontiguousarray(model.coef_.T, dtype=np.float32)
        self._features = TextFeatures([self._words, self._letters])
        self._bias = np.asarray(model.intercept_, dtype=np.float64)

    def scores(self, text: str, terms: Sequence[str]) -> Scores:
        """How well words and letters fit each topic."""
        if len(self.topics) == 2:
            # With two topics scikit-learn gives one number instead of one for each.
            return np.zeros(2)
        features, values = self._features.of(_with_pairs(terms), normalise(text))
        return standard(values @ self._weights[features] + self._bias)


def standard(scores: npt.NDArray[np.float64]) -> Scores:
    """Mean 0 and deviation 1."""
    spread = float(scores.std())
    centred: Scores = scores - scores.mean()
    return centred / spread if spread else centred


def _with_pairs(terms: Sequence[str]) -> list[str]:
    return [*terms, *(f"{a} {b}" for a, b in pairwise(terms))]


def _as_is(terms: list[str]) -> list[str]:
    return terms
