"""A text read alone has the features that scikit-learn's own vectorizers give it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from indexer.text_features import TextFeatures

TEXTS = ["hvem kan få hjelpestønad", "kan vi klage på avslaget", "ka e hjelpestønad for nå", "avslag avslag og atter avslag"]


@pytest.fixture(scope="module")
def vectorizers() -> list[TfidfVectorizer]:
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    letters = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=2)
    return [vectorizer.fit(TEXTS) for vectorizer in (words, letters)]


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(" ".join(TEXTS).split()), max_size=12).map(" ".join)))
def test_a_text_has_the_same_features_as_by_transform(vectorizers: list[TfidfVectorizer], text: str) -> None:
    numbers, values = TextFeatures(vectorizers).of(text, text)
    read = np.zeros(sum(len(v.vocabulary_) for v in vectorizers))
    read[numbers] = values
    expected = np.concatenate([v.transform([text]).toarray()[0] for v in vectorizers])
    np.testing.assert_allclose(read, expected, atol=1e-6)
