"""What a text is searched by, in every engine alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import Analyzer, TableLemmatizer
from indexer.word_lists import WordLists

LISTS = WordLists(
    variants={"ikkje": "ikke", "avlasting": "avlastning"},
    phrases={"pause fra omsorgen": ("avlastning",), "ip": ("individuell plan",)},
    lemmas={"avlastningen": "avlastning", "satsen": "sats", "timer": "time"},
    stop_words=frozenset({"ikke", "er", "og"}),
)
ANALYZER = Analyzer(LISTS, TableLemmatizer(LISTS.lemmas)).with_vocabulary(
    ["hjelpestønad avlastning sats stønad individuell plan barnekoordinator time"]
)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("avlastningen", "avlastning"),
        ("Avlasting", "avlastning"),
        ("hjelpestønadssatsen", "sats"),
        ("hjelpestønadssatsen", "hjelpestønad"),
        ("vi trenger en pause fra omsorgen", "avlastning"),
        ("IP", "plan"),
    ],
)
def test_a_word_is_found_by_what_it_means(text: str, wanted: str) -> None:
    assert wanted in ANALYZER.terms(text)


def test_small_words_say_nothing() -> None:
    assert ANALYZER.terms("er ikkje og") == ()


@pytest.mark.parametrize(("written", "meant"), [("barnekordinator", "barnekoordinator"), ("hjelpestønnad", "hjelpestønad")])
def test_a_misspelling_of_a_word_we_know_is_mended_in_questions_only(written: str, meant: str) -> None:
    assert meant in ANALYZER.query_terms(written)
    assert meant not in ANALYZER.terms(written)


@given(st.text(max_size=200))
def test_any_text_gives_terms_without_white_space_and_the_same_each_time(text: str) -> None:
    terms = ANALYZER.terms(text)
    assert all(term and not any(c.isspace() for c in term) for term in terms)
    assert terms == ANALYZER.terms(text)
    ANALYZER.query_terms(text)
