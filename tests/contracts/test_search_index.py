"""What every search engine must do, run on each of them for real."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from indexer.elasticsearch_index import ElasticsearchIndex
from indexer.embedding import FakeEmbedder
from indexer.memory_index import MemoryIndex
from indexer.search_index import IndexedPassage, Passage, Query, SearchIndex, SearchUnavailable
from indexer.tantivy_index import TantivyIndex

EMBEDDER = FakeEmbedder()
KINDS = ("kort", "sporsmal")


def passage(number: int, text: str, *, topic: str = "avlastning", kind: str = "kort", vector: bool = True) -> IndexedPassage:
    value = Passage(
        id=f"{topic}/{kind}/{number}",
        topic=topic,
        kind=kind,
        audience="forelder",
        language="nb",
        facet="hva",
        title="",
        text=text,
        embedded="passage: " + text,
        digest=f"d{hash(text)}",
    )
    return IndexedPassage(value, tuple(text.split()), EMBEDDER.embed([value.embedded])[0] if vector else None)


@pytest.fixture(params=["memory", "tantivy", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    if request.param == "memory":
        yield MemoryIndex()
    elif request.param == "tantivy":
        yield TantivyIndex(tmp_path / "index")
    else:
        node = request.getfixturevalue("elasticsearch_node")
        yield ElasticsearchIndex(node.url, alias=f"test-{time.monotonic_ns()}")


def lexical(index: SearchIndex, *terms: str, kinds: tuple[str, ...] = KINDS, limit: int = 10) -> list[str]:
    return [hit.passage.text for hit in index.search(Query(terms, None, kinds, limit)).lexical]


def test_an_index_never_built_answers_with_no_hits(index: SearchIndex) -> None:
    assert index.stored() == {}
    assert index.search(Query(("avlastning",), None, KINDS)).lexical == ()


def test_what_was_replaced_is_found_by_its_terms_best_first(index: SearchIndex) -> None:
    index.replace([passage(1, "pause for familien"), passage(2, "pause pause pause"), passage(3, "bil")])
    assert lexical(index, "pause") == ["pause pause pause", "pause for familien"]


def test_replace_forgets_what_was_there_before(index: SearchIndex) -> None:
    index.replace([passage(1, "gammel")])
    index.replace([passage(2, "ny")])
    assert lexical(index, "gammel") == []
    assert lexical(index, "ny") == ["ny"]


def test_update_adds_replaces_and_removes_and_is_seen_at_once(index: SearchIndex) -> None:
    index.replace([passage(1, "en"), passage(2, "to"), passage(3, "tre")])
    index.update([passage(2, "endret"), passage(4, "fire")], ["avlastning/kort/3"])
    assert set(index.stored()) == {"avlastning/kort/1", "avlastning/kort/2", "avlastning/kort/4"}
    assert lexical(index, "to") == []
    assert lexical(index, "endret") == ["endret"]
    assert lexical(index, "tre") == []


def test_stored_tells_digest_and_vector_of_each_passage(index: SearchIndex) -> None:
    with_vector, without = passage(1, "en"), passage(2, "to", vector=False)
    index.replace([with_vector, without])
    stored = index.stored()
    assert stored[with_vector.passage.id].digest == with_vector.passage.digest
    assert stored[with_vector.passage.id].has_vector
    assert not stored[without.passage.id].has_vector


def test_meaning_ranks_by_cosine_and_gives_the_cosine(index: SearchIndex) -> None:
    index.replace([passage(1, "avlastning i helgen"), passage(2, "skyss til skolen")])
    vector = EMBEDDER.embed(["query: avlastning i helgen"])[0]
    hits = index.search(Query((), vector, KINDS, 10)).semantic
    assert hits[0].passage.text == "avlastning i helgen"
    expected = float(EMBEDDER.embed(["passage: avlastning i helgen"])[0] @ vector)
    assert hits[0].score == pytest.approx(expected, abs=2e-3)


def test_passages_without_a_vector_are_found_by_words_only(index: SearchIndex) -> None:
    index.replace([passage(1, "ord", vector=False), passage(2, "annet")])
    hits = index.search(Query(("ord",), EMBEDDER.embed(["query: ord"])[0], KINDS, 10))
    assert [h.passage.text for h in hits.lexical] == ["ord"]
    assert [h.passage.text for h in hits.semantic] == ["annet"]


def test_only_the_kinds_asked_for_are_found_and_at_most_limit(index: SearchIndex) -> None:
    index.replace([passage(n, f"ord nummer{n}", kind="kort" if n % 2 else "sporsmal") for n in range(10)])
    assert len(lexical(index, "ord", kinds=("kort",))) == 5
    assert len(lexical(index, "ord", limit=3)) == 3


def test_terms_are_only_terms_never_query_syntax(index: SearchIndex) -> None:
    index.replace([passage(1, "ord"), passage(2, "annet")])
    assert lexical(index, "ord", "*", "AND", "(", '"', "text:annet", "/.*/", "\\") == ["ord"]


def test_a_passage_comes_back_as_it_went_in(index: SearchIndex) -> None:
    indexed = passage(1, "æøå «sitat» 100 % – linje\nto")
    index.replace([indexed])
    assert index.search(Query(("æøå",), None, KINDS)).lexical[0].passage == indexed.passage


def test_an_empty_replacement_leaves_an_empty_index(index: SearchIndex) -> None:
    index.replace([passage(1, "en")])
    index.replace([])
    assert index.stored() == {}


def test_readers_see_the_old_or_the_new_never_half(tmp_path: Path) -> None:
    reader, writer = TantivyIndex(tmp_path), TantivyIndex(tmp_path)
    writer.replace([passage(1, "gammel")])
    assert lexical(reader, "gammel") == ["gammel"]

    def broken() -> Iterator[IndexedPassage]:
        yield passage(2, "ny")
        raise OSError("the disk is full")

    class _Sequence(list[IndexedPassage]):
        __iter__: Callable[..., Iterator[IndexedPassage]] = lambda self: broken()

    with pytest.raises(SearchUnavailable):
        writer.replace(_Sequence())
    assert lexical(reader, "gammel") == ["gammel"]
    writer.replace([passage(3, "nyest")])
    assert lexical(reader, "nyest") == ["nyest"]


def test_an_engine_that_is_away_is_said_to_be_unavailable_and_found_again() -> None:
    away = ElasticsearchIndex("http://127.0.0.1:9", alias="away")
    with pytest.raises(SearchUnavailable):
        away.search(Query(("ord",), np.zeros(384, dtype=np.float32), KINDS))
