"""What a sentence's vector usually means: a small neural network from the embedding to labels, which are topics or kinds of danger.

`veivis train matcher` trains it on the examples in `knowledge/` and keeps it in `trained/`. So nobody who starts the service waits until
twenty thousand examples are embedded before a question is understood by more than its words.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from indexer.search_index import Vector

LogProbabilities = npt.NDArray[np.float64]
"""Shape (labels,), in the order of `MeaningModel.labels`."""

_HIDDEN, _EPOCHS, _BATCH = 1024, 40, 256
_DECAY = 1e-2
_SPREAD = 20.0
"""e5's cosines all lie between .7 and .9: centred and spread, the differences between sentences come forward."""
_SEED = 1


class MeaningModel:
    """One hidden layer. Never changed once made: safe to share between threads."""

    def __init__(self, labels: Sequence[str], centre: Vector, layers: Sequence[npt.NDArray[np.float32]]) -> None:
        """`layers`: weights (384, hidden), bias (hidden,), weights (hidden, labels), bias (labels,)."""
        self.labels = tuple(labels)
        self._centre = centre
        self._layers = tuple(np.asarray(layer, dtype=np.float32) for layer in layers)

    @classmethod
    def train(cls, vectors: npt.NDArray[np.float32], labels: Sequence[str]) -> "MeaningModel":
        """`vectors` of shape (examples, 384), one label each of at least three. The same examples give the same model. Takes half a minute."""
        centre = vectors.mean(axis=0)
        network = MLPClassifier(
            (_HIDDEN,),
            alpha=_DECAY,
            max_iter=_EPOCHS,
            n_iter_no_change=_EPOCHS,
            batch_size=min(_BATCH, len(vectors)),
            random_state=_SEED,
        )
        with warnings.catch_warnings():
            # So many rounds and no more is meant: on unseen examples, more made it no better.
            warnings.simplefilter("ignore", ConvergenceWarning)
            network.fit((vectors - centre) * _SPREAD, list(labels))
        layers = (network.coefs_[0], network.intercepts_[0], network.coefs_[1], network.intercepts_[1])
        return cls([str(label) for label in network.classes_], centre, layers)

    @classmethod
    def read(cls, path: Path) -> "MeaningModel | None":
        """The kept model; None where none was kept."""
        if not path.is_file():
            return None
        with np.load(path) as kept:
            layers = [kept[name].astype(np.float32) for name in ("hidden", "hidden_bias", "out", "out_bias")]
            return cls(kept["labels"].tolist(), kept["centre"].astype(np.float32), layers)

    def write(self, path: Path) -> None:
        """In half precision: a megabyte."""
        half = [layer.astype(np.float16) for layer in self._layers]
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(
            path,
            labels=np.array(self.labels),
            centre=self._centre,
            hidden=half[0],
            hidden_bias=half[1],
            out=half[2],
            out_bias=half[3],
        )

    def log_probabilities(self, vector: Vector) -> LogProbabilities:
        """How likely each label is, given what the vector means."""
        hidden, hidden_bias, out, out_bias = self._layers
        seen = np.maximum((vector - self._centre) * _SPREAD @ hidden + hidden_bias, 0.0)
        scores = np.asarray(seen @ out + out_bias, dtype=np.float64)
        return np.asarray(scores - np.logaddexp.reduce(scores))
