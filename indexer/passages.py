"""Article -> passages. Pure. A passage is what is indexed and found: one section of an article, its direct answer, or one example question.

Guarantees: the id says where a passage belongs, and the digest changes exactly when something that search depends on changes.
"""

import hashlib
from collections.abc import Iterable, Iterator
from enum import StrEnum

from indexer.article import Article, Facet, Language, without_footnotes
from indexer.knowledge_base import ExampleQuestion
from indexer.search_index import Passage

EMBEDDED_WORDS = 40
"""Embedding takes time by the word: the title and the first 40 words carry the topic. A question is found by its words and understood by the
meaning model, which has learned from it: it is not embedded."""


class PassageKind(StrEnum):
    SHORT = "kort"
    SECTION = "del"
    QUESTION = "sporsmal"


def passages_of(articles: Iterable[Article], questions: Iterable[ExampleQuestion], model: str = "") -> list[Passage]:
    """What is searched, with vectors of the embedder named `model`: of another, all of it is something else. A nynorsk version says what the bokmål one says, and questions are turned into bokmål: one of the two is enough."""
    kept = list(articles)
    in_bokmal = {(a.topic, a.audience) for a in kept if a.language is Language.BOKMAL}
    searched = [a for a in kept if a.language is Language.BOKMAL or (a.topic, a.audience) not in in_bokmal]
    found = [p for article in searched for p in article_passages(article, model)]
    found.extend(question_passage(q) for q in questions)
    return list({p.id: p for p in found}.values())


def article_passages(article: Article, model: str = "") -> Iterator[Passage]:
    """The direct answer first, then one passage a section, in the order of the article."""
    yield _passage(article, PassageKind.SHORT, Facet.WHAT, article.short, model)
    for section in article.sections:
        yield _passage(article, PassageKind.SECTION, section.facet, without_footnotes(section.body), model)


def question_passage(question: ExampleQuestion) -> Passage:
    key = _digest(question.text)[:12]
    return Passage(
        id=f"{question.topic}/{PassageKind.QUESTION}/{key}",
        topic=question.topic,
        kind=PassageKind.QUESTION,
        audience=question.audience,
        language=question.language,
        facet=Facet.WHAT,
        title="",
        text=question.text,
        embedded="",
        digest=_digest(question.topic, question.audience, question.language, question.text),
    )


def _passage(article: Article, kind: PassageKind, facet: Facet, text: str, model: str) -> Passage:
    embedded = f"passage: {article.title}. " + " ".join(text.split()[:EMBEDDED_WORDS])
    return Passage(
        id=f"{article.id}/{kind}/{facet}",
        topic=article.topic,
        kind=kind,
        audience=article.audience,
        language=article.language,
        facet=facet,
        title=article.title,
        text=text,
        embedded=embedded,
        digest=_digest(article.id, kind, facet, article.title, text, model),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
