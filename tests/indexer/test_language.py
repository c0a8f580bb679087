"""In which language somebody writes; silent where the words do not tell."""

from pathlib import Path

import pytest
import yaml

from indexer.article import Language
from indexer.language import LanguageRecogniser
from indexer.word_lists import load_word_lists

KNOWLEDGE = Path(__file__).parents[2] / "knowledge"
RECOGNISER = LanguageRecogniser(load_word_lists(KNOWLEDGE / "ordlister"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hvordan søker vi om hjelpestønad til datteren vår?", Language.BOKMAL),
        ("Korleis søkjer vi om hjelpestønad til dottera vår?", Language.NYNORSK),
        ("Who decides whether my child gets an assistant?", Language.ENGLISH),
        ("ka e en barnekoordinator, og koss får æ en", None),
        ("BPA", None),
        ("", None),
    ],
)
def test_a_language_is_told_by_its_words(text: str, language: Language | None) -> None:
    assert RECOGNISER.language_of(text) is language


def test_nearly_nobody_who_writes_bokmal_is_answered_in_nynorsk_and_most_nynorsk_is_seen() -> None:
    entries = [
        e
        for path in sorted((KNOWLEDGE / "sporsmal").glob("*.yml"))
        for e in yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    ]
    found = [(e.get("s", "nb"), RECOGNISER.language_of(e["t"])) for e in entries if e.get("stil") != "dialect"]
    bokmal = [got for said, got in found if said == "nb"]
    nynorsk = [got for said, got in found if said == "nn"]
    assert bokmal.count(Language.NYNORSK) / len(bokmal) < 0.01
    assert nynorsk.count(Language.NYNORSK) / len(nynorsk) > 0.8
