"""What the model is taught with, apart from how: read by `tuning.py`, which only a machine that trains can load."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Lesson:
    """A text with its prefix, what it is an example of for each head, and the key by which one in ten is held back. A head without a label
    learns nothing from it."""

    text: str
    labels: Mapping[str, str]
    key: str
