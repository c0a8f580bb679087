"""Words of law are found as readers meet them, and explained in the order they come."""

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


def test_every_article_for_families_can_explain_its_law_words(knowledge: KnowledgeBase) -> None:
    explained = {word.word for word in knowledge.law_words.all()}
    used = {word.word for a in knowledge.articles for word in knowledge.law_words.used_in(a.short)}
    assert len(used) > 20
    assert used <= explained
