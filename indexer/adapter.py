"""What the bundled model was taught of our questions: small corrections to its weights, and heads that name what a vector means.

Made by `tuning.py`, kept in `trained/`, used by `e5.py`.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

PARTS = ("q", "k", "v", "ao", "fi", "fo")
"""The linear maps of a layer, by their names in the packed model."""
RANK = 16
_HELD_BACK_OF_256 = 26
_RANGE = "range/"
SPREAD = 20.0
"""e5's vectors all point much the same way: less their mean and spread out, their differences come forward."""

Floats = npt.NDArray[np.float32]
LogProbabilities = npt.NDArray[np.float64]
"""Shape (labels,), in the order of `Head.labels`."""

TOPIC, DANGER, ACT, FACET, CONTEXT = "topic", "danger", "act", "facet", "context"
"""The heads: which topic a question is about, which danger, if any, a message tells of, what the person does by saying it (the bot's intents),
which part of a matter it asks for, and whether it can be understood without what was said before."""
ALONE, GOES_ON = "alone", "goes_on"
"""The labels of CONTEXT."""


@dataclass(frozen=True, slots=True)
class Guess:
    """The likeliest label of a head, and how likely it is."""

    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Head:
    """Log-odds of `labels` are `(vector - centre) * SPREAD @ weights + bias`; `weights` of shape (384, labels)."""

    labels: tuple[str, ...]
    centre: Floats
    weights: Floats
    bias: Floats

    def log_probabilities(self, vector: Floats) -> LogProbabilities:
        """How likely each label is, given what the vector means."""
        scores = np.asarray((vector - self.centre) * SPREAD @ self.weights + self.bias, dtype=np.float64)
        return np.asarray(scores - np.logaddexp.reduce(scores))

    def probability(self, label: str, vector: Floats) -> float:
        return float(np.exp(self.log_probabilities(vector)[self.labels.index(label)]))

    def likeliest(self, vector: Floats) -> Guess:
        fit = self.log_probabilities(vector)
        best = int(fit.argmax())
        return Guess(self.labels[best], float(np.exp(fit[best])))


@dataclass(frozen=True, slots=True)
class Adapter:
    """`deltas` by the name of the linear map («l3.fi»): (inputs, RANK) and (RANK, outputs), whose product is added to the map. `ranges`: how large
    the inputs of a map were seen to grow, shape (inputs,); a map without them is not rounded (`e5.measured_ranges`)."""

    deltas: Mapping[str, tuple[Floats, Floats]]
    heads: Mapping[str, Head]
    ranges: Mapping[str, Floats] = field(default_factory=dict)

    def digest(self) -> str:
        """Names exactly these corrections: vectors made with others cannot be compared."""
        state = hashlib.sha256()
        for name in sorted(self.deltas):
            for half in self.deltas[name]:
                state.update(np.ascontiguousarray(half, dtype=np.float16).tobytes())
        for name in sorted(self.ranges):
            state.update(np.ascontiguousarray(self.ranges[name], dtype=np.float16).tobytes())
        return state.hexdigest()[:12]

    @classmethod
    def read(cls, path: Path) -> "Adapter | None":
        """The kept adapter; None where none was kept."""
        if not path.is_file():
            return None
        with np.load(path) as kept:
            wide = {name: kept[name] for name in kept.files}
        ranges = {n.removeprefix(_RANGE): _wide(wide.pop(n)) for n in list(wide) if n.startswith(_RANGE)}
        names = sorted({name.rsplit("/", 1)[0] for name in wide})
        deltas = {n: (_wide(wide[f"{n}/down"]), _wide(wide[f"{n}/up"])) for n in names if not n.startswith("head/")}
        heads = {
            n.removeprefix("head/"): Head(
                tuple(wide[f"{n}/labels"].tolist()), *(_wide(wide[f"{n}/{part}"]) for part in ("centre", "weights", "bias"))
            )
            for n in names
            if n.startswith("head/")
        }
        return cls(deltas, heads, ranges)

    def write(self, path: Path) -> None:
        """In half precision."""
        kept: dict[str, npt.NDArray[np.generic]] = {f"{_RANGE}{n}": r.astype(np.float16) for n, r in self.ranges.items()}
        for name, (down, up) in self.deltas.items():
            kept[f"{name}/down"], kept[f"{name}/up"] = down.astype(np.float16), up.astype(np.float16)
        for name, head in self.heads.items():
            kept[f"head/{name}/labels"] = np.array(head.labels)
            kept[f"head/{name}/centre"] = head.centre.astype(np.float32)
            kept[f"head/{name}/weights"], kept[f"head/{name}/bias"] = (
                head.weights.astype(np.float16),
                head.bias.astype(np.float32),
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(path, **kept)  # type: ignore[arg-type]


def held_back(text: str) -> bool:
    """One example in ten teaches the model nothing: by these it is weighed how far it can be trusted. The same ones on every machine."""
    return hashlib.sha256(text.encode()).digest()[0] < _HELD_BACK_OF_256


def _wide(values: npt.NDArray[np.generic]) -> Floats:
    return np.asarray(values, dtype=np.float32)
