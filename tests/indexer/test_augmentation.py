"""Texts said anew for training: still about the same, and never more than was said."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from indexer.augmentation import augmented

STORY = "Guten er ni. Han søv ikkje. Vi er slitne. Kven kan avlaste oss?"


@given(st.text(max_size=200), st.integers(0, 10_000))
def test_any_text_can_be_said_anew_and_never_grows_much(text: str, seed: int) -> None:
    said = augmented(text, np.random.default_rng(seed))
    assert len(said.split()) <= len(text.split())
    assert len(said) <= 2 * len(text) + 1


def test_the_last_sentence_of_a_story_is_never_dropped_and_the_others_sometimes_are() -> None:
    # Short words are never misspelt, and ten in a row are never all left out.
    marked = " ".join("a" * 10) + ". " + " ".join("b" * 10) + ". " + " ".join("c" * 10) + "."
    said = [set(augmented(marked, np.random.default_rng(seed)).lower().replace(".", "").split()) for seed in range(300)]
    assert all("c" in words for words in said)
    assert any("a" not in words for words in said)
    assert any("b" not in words for words in said)


def test_most_texts_are_said_in_many_ways_and_some_are_left_as_they_are() -> None:
    said = [augmented(STORY, np.random.default_rng(seed)) for seed in range(200)]
    assert len(set(said)) > 50
    assert said.count(STORY) > 20
