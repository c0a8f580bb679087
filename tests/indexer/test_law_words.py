"""Words of law are found as readers meet them, and explained in the order they come."""

from dataclasses import replace
from datetime import date

from indexer.checks import check_knowledge
from indexer.knowledge_base import KnowledgeBase
from indexer.law_words import LawWords

WORDS = LawWords(
    {
        "vedtak": "En avgjørelse.",
        "innvilge": "Å si ja.",
        "delvis innvilget": "Ja til noe.",
        "part": "Den saken gjelder.",
    }
)


def found(text: str) -> list[str]:
    return [word.word for word in WORDS.used_in(text)]


def test_bent_forms_are_the_same_word_and_come_in_the_order_of_the_text() -> None:
    assert found("Når søknaden innvilges, får du vedtaket i posten.") == ["innvilge", "vedtak"]


def test_a_word_within_an_explained_phrase_is_explained_by_the_phrase() -> None:
    assert found("Søknaden ble delvis innvilget.") == ["delvis innvilget"]


def test_a_word_is_not_found_within_another() -> None:
    assert found("Vedtaksbrev fra partiet, departementet og leilighetsparten") == []


def complaints(knowledge: KnowledgeBase, text: str) -> list[str]:
    base = replace(knowledge, law_words=LawWords({"vedtak": text, "avslag": "Svaret er nei."}))
    return [finding.mend for finding in check_knowledge(base, date(2026, 11, 26)) if finding.rule == "lovord"]


def test_an_explanation_is_one_sentence_without_other_law_words(knowledge: KnowledgeBase) -> None:
    assert complaints(knowledge, "En avgjørelse fra det offentlige.") == []
    assert complaints(knowledge, "En avgjørelse. Den er skriftlig.") == ["explain «vedtak» in one sentence"]
    assert complaints(knowledge, "Et avslag eller et ja.") == ["explain «vedtak» without «avslag»"]
