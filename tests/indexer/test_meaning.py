"""The model of meaning: probabilities over its labels, the same from the same examples, and the same after being kept."""

from pathlib import Path

import numpy as np
import pytest

from indexer.embedding import DIMENSIONS
from indexer.matching import meaning_scores
from indexer.meaning import MeaningModel

LABELS = ("bpa", "bup", "ppt")


@pytest.fixture(scope="module")
def examples() -> tuple[np.ndarray, list[str]]:
    """Thirty vectors around each of three directions."""
    chance = np.random.default_rng(5)
    around = np.eye(DIMENSIONS, dtype=np.float32)[:3]
    vectors = np.repeat(around, 30, axis=0) + chance.normal(0, 0.02, (90, DIMENSIONS)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), [label for label in LABELS for _ in range(30)]


@pytest.fixture(scope="module")
def model(examples: tuple[np.ndarray, list[str]]) -> MeaningModel:
    return MeaningModel.train(*examples)


def test_what_lies_near_a_labels_examples_is_likeliest_that_label(model: MeaningModel) -> None:
    for label, vector in zip(LABELS, np.eye(DIMENSIONS, dtype=np.float32), strict=False):
        fit = model.log_probabilities(vector)
        assert model.labels[int(fit.argmax())] == label
        assert np.exp(fit).sum() == pytest.approx(1.0)


def test_the_same_examples_give_the_same_model(model: MeaningModel, examples: tuple[np.ndarray, list[str]]) -> None:
    vector = examples[0][40]
    assert MeaningModel.train(*examples).log_probabilities(vector) == pytest.approx(model.log_probabilities(vector))


def test_a_kept_model_says_the_same(model: MeaningModel, examples: tuple[np.ndarray, list[str]], tmp_path: Path) -> None:
    model.write(tmp_path / "kept" / "model.npz")
    read = MeaningModel.read(tmp_path / "kept" / "model.npz")
    assert read is not None
    assert read.labels == model.labels
    assert read.log_probabilities(examples[0][7]) == pytest.approx(model.log_probabilities(examples[0][7]), abs=0.02)


def test_where_nothing_was_kept_there_is_no_model(tmp_path: Path) -> None:
    assert MeaningModel.read(tmp_path / "model.npz") is None


def test_a_topic_younger_than_the_model_fits_least(model: MeaningModel, examples: tuple[np.ndarray, list[str]]) -> None:
    scores, sure = meaning_scores(model, examples[0][0], ("bpa", "bup", "ny", "ppt"))
    assert scores[2] == scores.min()
    assert scores.argmax() == 0
    assert sure > 0.9


def test_without_a_vector_meaning_says_nothing(model: MeaningModel) -> None:
    scores, sure = meaning_scores(model, None, LABELS)
    assert not scores.any()
    assert sure == 0.0
