"""One text as the features of fitted vectorizers: what scikit-learn's `transform` gives, for a single text at a time.

The vectorizers are scikit-learn's, and so is what a feature is. Only the reading of a single text is ours: theirs checks its input and builds
several matrices for it, which takes five times as long as to look the features up.
"""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer


class TextFeatures:
    """Safe to share between threads."""

    def __init__(self, vectorizers: Sequence[TfidfVectorizer]) -> None:
        """Fitted, with `sublinear_tf`, and with scikit-learn's own norm (length 1 for each). Their features follow one another in this order."""
        sizes = [len(v.vocabulary_) for v in vectorizers]
        self._parts = [
            (v.build_analyzer(), v.vocabulary_, np.asarray(v.idf_, dtype=np.float32), int(before))
            for v, before in zip(vectorizers, np.cumsum([0, *sizes[:-1]]), strict=True)
        ]

    def of(self, *documents: Any) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """One document a vectorizer, for the same text: the numbers of the features that it has, and their values."""
        numbers, values = zip(
            *(_read(part, document) for part, document in zip(self._parts, documents, strict=True)), strict=True
        )
        return np.concatenate(numbers), np.concatenate(values)


def _read(part: tuple[Any, Any, Any, int], document: Any) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
    analyze, vocabulary, rarity, before = part
    counted = Counter(number for feature in analyze(document) if (number := vocabulary.get(feature)) is not None)
    numbers = np.fromiter(counted, dtype=np.intp, count=len(counted))
    often = np.fromiter((1 + math.log(count) for count in counted.values()), dtype=np.float32, count=len(counted))
    values = often * rarity[numbers]
    length = float(np.linalg.norm(values))
    return numbers + before, values / np.float32(length) if length else values
