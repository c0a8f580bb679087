"""When more write at once than there is time to read, words answer first, and what may be danger is read all the same."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from indexer.embedding import E5Embedder
from indexer.library import Library, Trained, open_library
from indexer.matching import Question
from indexer.search_index import Vector
from tests.conftest import KNOWLEDGE

PLAIN, OPEN = "hvem kan få parkeringstillatelse til barnet", "det spiller ingen rolle snart, katten kan dere få"


class Busy:
    """The real embedder, with a line before it that does not move until it is told to."""

    def __init__(self) -> None:
        self._embedder = E5Embedder(Trained.read().adapter)
        self.name = self._embedder.name
        self.free = threading.Event()

    def embed(self, texts: Sequence[str]) -> list[Vector]:
        self.free.wait()
        return self._embedder.embed(texts)


@pytest.fixture
def busy() -> Iterator[Busy]:
    embedder = Busy()
    yield embedder
    embedder.free.set()


@pytest.fixture
def quiet(library: Library, data_dir: Path, busy: Busy) -> Library:
    assert library.passages, "the index is the one that the session's library wrote"
    return open_library(KNOWLEDGE, data_dir, today=datetime.now(UTC).date(), embedder=busy, patience=0.01)


@pytest.fixture
def crowded(quiet: Library) -> Library:
    for number in range(8):
        quiet.anticipate(f"spørsmål nummer {number}")
    return quiet


def test_a_question_that_cannot_be_read_in_time_is_answered_by_words(crowded: Library, busy: Busy) -> None:
    matches = crowded.match(Question(PLAIN, "forelder", "nb"))
    assert matches.degraded
    assert matches.topics[0] == "parkeringstillatelse"
    assert crowded.hear(PLAIN) is None


def test_a_message_that_is_plainly_harmless_does_not_wait_and_one_that_may_be_danger_does(crowded: Library, busy: Busy) -> None:
    plain = crowded.likeness(PLAIN)
    assert plain is not None
    assert not plain.alarming
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(crowded.likeness, OPEN)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        busy.free.set()
        assert waiting.result() is not None


def test_once_there_is_time_again_the_same_question_is_read(crowded: Library, busy: Busy) -> None:
    assert crowded.match(Question(PLAIN, "forelder", "nb")).degraded
    busy.free.set()
    assert crowded.matcher.vector(PLAIN, however_long=True) is not None
    assert not crowded.match(Question(PLAIN, "forelder", "nb")).degraded


def test_where_few_write_at_once_everyone_is_read(quiet: Library, busy: Busy) -> None:
    for number in range(3):
        quiet.anticipate(f"spørsmål nummer {number}")
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(quiet.match, Question(PLAIN, "forelder", "nb"))
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.2)
        busy.free.set()
        assert not waiting.result().degraded
