"""An article becomes passages, and the digest tells exactly when one must be indexed again."""

from dataclasses import replace
from datetime import date
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from indexer.article import Article, Audience, Facet, Language, Section, Source, SourceKind
from indexer.knowledge_base import ExampleQuestion
from indexer.passages import EMBEDDED_WORDS, PassageKind, article_passages, passages_of, question_passage

TEXT = st.text(min_size=1, max_size=80).filter(lambda t: t.strip() == t)


def article(short: str = "Kort svar.", body: str = "Et avsnitt.[^a]", title: str = "Tittel") -> Article:
    source = Source("a", "Lov", "Lovdata", "https://lovdata.no", SourceKind.LAW, date(2026, 1, 1))
    return Article(
        path=Path("x.md"),
        topic="bpa",
        title=title,
        audience=Audience.PARENT,
        language=Language.BOKMAL,
        short=short,
        questions=(),
        sources=(source,),
        sections=(Section(Facet.WHO, "Hvem kan få det?", body, 10),),
        next_check=date(2027, 1, 1),
    )


def test_the_direct_answer_and_every_section_become_a_passage() -> None:
    found = list(article_passages(article()))
    assert [(p.kind, p.facet) for p in found] == [(PassageKind.SHORT, Facet.WHAT), (PassageKind.SECTION, Facet.WHO)]
    assert len({p.id for p in found}) == 2


def test_footnotes_are_not_searched() -> None:
    assert "[^" not in "".join(p.text for p in article_passages(article()))


def test_what_is_embedded_is_short() -> None:
    long = " ".join(["ord"] * 500)
    assert all(len(p.embedded.split()) <= EMBEDDED_WORDS + 3 for p in article_passages(article(body=long)))


@given(TEXT, TEXT)
def test_the_digest_changes_exactly_when_the_text_does(one: str, other: str) -> None:
    first, second = (next(article_passages(article(short=text))) for text in (one, other))
    assert (first.digest == second.digest) == (first.text == second.text)
    assert first.id == second.id


@given(TEXT, st.sampled_from(["bpa", "bup"]), TEXT, st.sampled_from(["bpa", "bup"]))
def test_two_questions_share_a_passage_only_when_they_are_the_same(one: str, topic: str, other: str, second: str) -> None:
    a, b = (
        question_passage(ExampleQuestion(text, where, "forelder", "nb", "question"))
        for text, where in ((one, topic), (other, second))
    )
    assert (a.id == b.id) == ((one, topic) == (other, second))


def test_of_two_languages_bokmal_is_searched() -> None:
    nynorsk = replace(article(), language=Language.NYNORSK)
    assert {p.language for p in passages_of([nynorsk, article()], [])} == {Language.BOKMAL}
    assert {p.language for p in passages_of([nynorsk], [])} == {Language.NYNORSK}


def test_the_same_passage_twice_is_indexed_once() -> None:
    question = ExampleQuestion("Hva er BPA?", "bpa", "forelder", "nb", "question")
    assert len(passages_of([], [question, question])) == 1
