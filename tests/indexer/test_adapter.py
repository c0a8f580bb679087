"""What the model was taught: heads that name what a vector means, and corrections that are kept and applied as they were learned."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer import e5
from indexer.adapter import PARTS, RANK, Adapter, Head, held_back
from indexer.e5 import E5, measured_ranges
from indexer.embedding import DIMENSIONS, E5Embedder
from indexer.library import Trained
from indexer.matching import meaning_scores
from indexer.packed_model import PackedModel

LABELS = ("bpa", "bup", "ppt")
TEXT = "query: hvem kan få brukerstyrt personlig assistanse"


@pytest.fixture(scope="module")
def head() -> Head:
    """Each label along an axis of its own."""
    weights = np.eye(DIMENSIONS, dtype=np.float32)[:, : len(LABELS)]
    return Head(LABELS, np.zeros(DIMENSIONS, dtype=np.float32), weights, np.zeros(len(LABELS), dtype=np.float32))


@pytest.fixture(scope="module")
def packed() -> PackedModel:
    return PackedModel.bundled()


def corrections(packed: PackedModel, size: float) -> Adapter:
    chance = np.random.default_rng(3)
    deltas = {}
    for layer in range(packed.shape.layers):
        for part in PARTS:
            inputs, outputs = packed.shape.sizes(part)
            down = chance.normal(0, inputs**-0.5, (inputs, RANK)).astype(np.float32)
            deltas[f"l{layer}.{part}"] = (down, size * chance.normal(0, 1, (RANK, outputs)).astype(np.float32))
    return Adapter(deltas, {})


def test_what_lies_along_a_labels_axis_is_likeliest_that_label(head: Head) -> None:
    for label, vector in zip(LABELS, np.eye(DIMENSIONS, dtype=np.float32), strict=False):
        fit = head.log_probabilities(vector)
        assert head.labels[int(fit.argmax())] == label
        assert np.exp(fit).sum() == pytest.approx(1.0)


def test_a_topic_younger_than_the_head_fits_least(head: Head) -> None:
    scores, sure = meaning_scores(head, np.eye(DIMENSIONS, dtype=np.float32)[0], ("bpa", "bup", "helt-nytt"))
    assert scores.argmax() == 0
    assert scores[2] == scores.min()
    assert 0 < sure <= 1


def test_without_a_vector_meaning_says_nothing(head: Head) -> None:
    scores, sure = meaning_scores(head, None, LABELS)
    assert (scores == 0).all()
    assert sure == 0


def test_corrections_of_nothing_change_no_vector_and_others_do(packed: PackedModel) -> None:
    plain = E5(packed, 1).embed(TEXT)
    assert float(E5(packed, 1, corrections(packed, 0.0)).embed(TEXT) @ plain) > 0.999
    assert float(E5(packed, 1, corrections(packed, 0.02)).embed(TEXT) @ plain) < 0.999


def test_a_kept_adapter_gives_the_same_vectors_and_the_same_name(packed: PackedModel, head: Head, tmp_path: Path) -> None:
    adapter = Adapter(corrections(packed, 0.02).deltas, {"topic": head})
    adapter.write(tmp_path / "kept" / "adapter.npz")
    again = Adapter.read(tmp_path / "kept" / "adapter.npz")
    assert again is not None
    assert again.digest() == adapter.digest()
    assert again.heads["topic"].labels == LABELS
    assert float(E5(packed, 1, again).embed(TEXT) @ E5(packed, 1, adapter).embed(TEXT)) == pytest.approx(1.0, abs=1e-3)
    assert Adapter.read(tmp_path / "none.npz") is None


def test_vectors_of_another_adapter_have_another_name(packed: PackedModel) -> None:
    names = {E5Embedder(a).name for a in (None, corrections(packed, 0.01), corrections(packed, 0.02))}
    assert len(names) == 3


def all_maps(packed: PackedModel) -> set[str]:
    return {f"l{layer}.{part}" for layer in range(packed.shape.layers) for part in ("qkv", "ao", "fi", "fo")}


@pytest.fixture(scope="module")
def measured(packed: PackedModel) -> Adapter:
    adapter = corrections(packed, 0.02)
    texts = [f"query: {text}" for text in ("hvem kan få bpa", "vi fikk avslag på skoleskyss, kan vi klage", "ka e bup", "")]
    return replace(adapter, ranges=measured_ranges(packed, adapter, texts))


def test_whole_numbers_turn_a_vector_by_less_than_could_change_an_answer(packed: PackedModel, measured: Adapter) -> None:
    rounded, exact = E5(packed, 1, measured), E5(packed, 1, replace(measured, ranges={}))
    for text in (TEXT, "query: får vi penger fordi hun må passes om natta", "passage: Send klagen til Nav innen seks uker."):
        assert 0.997 < float(rounded.embed(text) @ exact.embed(text)) < 1.0 - 1e-6


def test_the_few_large_inputs_are_what_rounding_cannot_bear(packed: PackedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = Trained.read().adapter
    assert shipped is not None
    exact, apart = E5(packed, 1, replace(shipped, ranges={})), E5(packed, 1, shipped)
    monkeypatch.setitem(e5._ROUNDED, "fo", 0)
    together = E5(packed, 1, shipped)
    texts = (TEXT, "query: får vi penger fordi hun må passes om natta", "query: ka gjør æ når skolen ikke svare")
    lost, lost_together = (sum(1 - float(m.embed(t) @ exact.embed(t)) for t in texts) for m in (apart, together))
    assert lost_together > 1.5 * lost


def test_the_maps_of_each_layer_are_measured_and_kept(packed: PackedModel, measured: Adapter, tmp_path: Path) -> None:
    measured.write(tmp_path / "adapter.npz")
    again = Adapter.read(tmp_path / "adapter.npz")
    assert again is not None
    assert again.ranges.keys() == all_maps(packed)
    assert again.digest() == measured.digest() != replace(measured, ranges={}).digest()


def test_the_shipped_adapter_was_measured(packed: PackedModel) -> None:
    shipped = Trained.read().adapter
    assert shipped is not None
    assert shipped.ranges.keys() == all_maps(packed)


def test_about_one_example_in_ten_is_held_back() -> None:
    share = np.mean([held_back(f"spørsmål nummer {i}") for i in range(5000)])
    assert 0.08 < share < 0.12
