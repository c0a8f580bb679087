"""How a message is said: corrections, several questions, ages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.chat.utterance import age_in, ordinal_in, questions_in, refers_back, without_correction


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("nei, jeg mente hjelpestønad", "hjelpestønad"),
        ("Nei jeg spurte om klage på Nav", "klage på Nav"),
        ("nei, eg meinte skuleskyss", "skuleskyss"),
        ("no, I meant respite care", "respite care"),
        ("nei forresten, den om parkering", "parkering"),
        ("den om bil", "bil"),
        ("og den om skoleskyss, hva var det?", "skoleskyss, hva var det?"),
        ("what about the one about respite care?", "respite care?"),
        ("neida vent, jeg tenkte på tannlege", "tannlege"),
    ],
)
def test_a_correction_is_what_was_meant(text: str, meant: str) -> None:
    assert without_correction(text) == meant


@pytest.mark.parametrize("text", ["nei takk", "nei, vi fikk avslag fra Nav", "jeg mener at skolen bryter loven?", "Hva er BPA?"])
def test_what_is_no_correction_is_left_alone(text: str) -> None:
    assert without_correction(text) in (None, "at skolen bryter loven?")


@pytest.mark.parametrize(
    "text",
    ["og hvis hun flytter til en annen kommune?", "gjelder det også for tvillinger?", "hva med ferier?", "hvem får bli med"],
)
def test_words_that_lean_on_what_was_said_are_known(text: str) -> None:
    assert refers_back(text)


@pytest.mark.parametrize(
    "text", ["Hvem har rett til individuell plan i kommunen vår?", "kan vi få penger fra Nav for ekstra strøm til utstyr"]
)
def test_words_that_stand_alone_are_known(text: str) -> None:
    assert not refers_back(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Hva er hjelpestønad? Og hvordan klager jeg på Nav?", 2),
        ("Hva er en barnekoordinator? Hvem kan få BPA? Hva er et ledsagerbevis?", 3),
        ("Sønnen min har autisme og sover ikke. Hva kan vi få?", 1),
        ("Hva er BPA og ledsagerbevis?", 1),
        ("Hvorfor? Hva?", 1),
    ],
)
def test_several_questions_are_told_from_one(text: str, count: int) -> None:
    assert len(questions_in(text)) == count


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("Jeg er 15 år", 15),
        ("sønnen vår på 9 har adhd", 9),
        ("ei jente som er 3", 3),
        ("en 12-åring", 12),
        ("hun fyller 18 i mai", 18),
        ("my son is 7 years old", 7),
        ("jeg er 43 år", None),
        ("vi bor på 12 kvadratmeter og får 20 timer", None),
        ("fristen er 6 uker", None),
        ("det er 3 prosent", None),
    ],
)
def test_the_age_of_a_child_is_picked_up(text: str, age: int | None) -> None:
    assert age_in(text) == age


@given(st.text(max_size=300))
def test_no_text_breaks_it_and_no_word_is_made_up(text: str) -> None:
    assert all(part in text for part in questions_in(text))
    meant = without_correction(text)
    assert meant is None or meant in text
    age = age_in(text)
    assert age is None or 0 < age <= 25


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("den første", 0),
        ("nummer to", 1),
        ("2", 1),
        ("jeg tar den siste, takk", None),
        ("den siste", 2),
        ("ja, den tredje", 2),
        ("the first one", 0),
        ("den fjerde", None),
        ("den om skoleskyss", None),
        ("hvem kan få det?", None),
        ("min første tanke var BPA", None),
    ],
)
def test_a_choice_that_is_counted_to_is_that_one_of_three(text: str, place: int | None) -> None:
    assert ordinal_in(text, 3) == place


@given(st.text(max_size=60), st.integers(0, 5))
def test_no_text_counts_beyond_what_was_offered(text: str, count: int) -> None:
    place = ordinal_in(text, count)
    assert place is None or 0 <= place < count
