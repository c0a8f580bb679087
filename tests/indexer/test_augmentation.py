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


def test_the_question_at_the_end_of_a_story_is_never_dropped() -> None:
    for seed in range(300):
        last = augmented(STORY, np.random.default_rng(seed)).split()[-4:]
        assert any(word.lower().startswith(("oss", "os", "so", "avl", "kan", "kv")) for word in last)


def test_most_texts_are_said_in_many_ways_and_some_are_left_as_they_are() -> None:
    said = [augmented(STORY, np.random.default_rng(seed)) for seed in range(200)]
    assert len(set(said)) > 50
    assert said.count(STORY) > 20
