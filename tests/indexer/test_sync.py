"""The plan is the cheapest correct one, and whatever happens readers end with exactly what is published."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import Analyzer, TableLemmatizer
from indexer.embedding import EmbeddingCache, FakeEmbedder
from indexer.memory_index import MemoryIndex
from indexer.search_index import Passage, StoredPassage
from indexer.sync import apply_sync, embed_missing, plan_sync
from indexer.word_lists import WordLists

ANALYZER = Analyzer(WordLists(), TableLemmatizer({}))
VERSIONS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 2), max_size=8)


def passages(versions: dict[str, int]) -> list[Passage]:
    return [
        Passage(i, f"tema-{i}", "del", "forelder", "nb", "hva", "t", f"tekst {i} {v}", f"passage: {i} {v}", f"{i}{v}")
        for i, v in versions.items()
    ]


def stored(wanted: Sequence[Passage]) -> dict[str, StoredPassage]:
    return {p.id: StoredPassage(p.digest, True) for p in wanted}


def test_nothing_changed_is_an_empty_plan() -> None:
    wanted = passages({"a": 1, "b": 1})
    plan = plan_sync(stored(wanted), wanted)
    assert (plan.rebuild, plan.changed, plan.removed) == (False, (), ())


def test_one_changed_of_many_is_one_update() -> None:
    before = passages(dict.fromkeys("abcdefgh", 0))
    after = passages({**dict.fromkeys("abcdefgh", 0), "c": 1})
    plan = plan_sync(stored(before), after)
    assert not plan.rebuild
    assert [p.id for p in plan.changed] == ["c"]


@given(VERSIONS, VERSIONS, st.data())
def test_readers_end_with_exactly_what_is_published(before: dict[str, int], after: dict[str, int], data: st.DataObject) -> None:
    index = MemoryIndex()
    cache = EmbeddingCache.in_memory()
    for versions in (before, after):
        wanted = passages(versions)
        apply_sync(index, plan_sync(index.stored(), wanted), wanted, ANALYZER, cache)
        if data.draw(st.booleans()):
            embed_missing(index, wanted, FakeEmbedder(), cache, ANALYZER)
    assert {i: s.digest for i, s in index.stored().items()} == {p.id: p.digest for p in passages(after)}


def test_embedding_can_be_stopped_and_goes_on_where_it_was() -> None:
    index, cache = MemoryIndex(), EmbeddingCache.in_memory()
    wanted = passages(dict.fromkeys("abcdefgh", 0)) + [
        Passage(f"x{i}", "t", "del", "forelder", "nb", "hva", "t", str(i), f"passage: x{i}", str(i)) for i in range(100)
    ]
    apply_sync(index, plan_sync({}, wanted), wanted, ANALYZER, cache)
    first = embed_missing(index, wanted, FakeEmbedder(), cache, ANALYZER, lambda done, total: False)
    rest = embed_missing(index, wanted, FakeEmbedder(), cache, ANALYZER)
    assert first + rest == len(wanted)
    assert all(s.has_vector for s in index.stored().values())
