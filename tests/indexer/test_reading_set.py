"""A reading set of BEIR's form: what is found by words, by meaning and by both, and how it is scored."""

import json
from pathlib import Path

import pytest

from indexer.analysis import Analyzer, TableLemmatizer
from indexer.embedding import EmbeddingCache, FakeEmbedder
from indexer.reading_set import ReadingSetBroken, ndcg_at_10, read_reading_set, search_all, search_plainly, write_run
from indexer.tantivy_index import TantivyIndex
from indexer.word_lists import WordLists

DOCUMENTS = {"d1": "Katten sov på taket.", "d2": "Båten gikk fra havna.", "d3": "Toget sto stille."}
QUERIES = {"q1": "hvor er katter", "q2": "når gikk båten", "q3": "aldri bedømt"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    def write(name: str, texts: dict[str, str]) -> None:
        (tmp_path / name).write_text(
            "".join(json.dumps({"_id": i, "text": t}) + "\n" for i, t in texts.items()), encoding="utf-8"
        )

    write("corpus.jsonl", DOCUMENTS)
    write("queries.jsonl", QUERIES)
    (tmp_path / "qrels").mkdir()
    (tmp_path / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n", encoding="utf-8")
    return tmp_path


def test_norwegian_words_find_what_the_words_as_they_stand_do_not(folder: Path, tmp_path: Path) -> None:
    reading = read_reading_set(folder)
    lists = WordLists(lemmas={"katten": "katt", "katter": "katt"}, stop_words=frozenset({"hvor", "er"}))
    analyzer = Analyzer(lists, TableLemmatizer(lists.lemmas))
    found = search_all(reading, TantivyIndex(tmp_path / "ours"), analyzer, FakeEmbedder(), EmbeddingCache.in_memory())
    plain = search_plainly(reading, TantivyIndex(tmp_path / "plain"))
    assert found.words["q1"][0][0] == "d1"
    assert plain["q1"] == []
    assert plain["q2"][0][0] == "d2"
    assert ndcg_at_10(found.both, reading.judgements) == 1.0
    assert {len(ranked) for ranked in found.meaning.values()} == {len(DOCUMENTS)}


def test_only_judged_queries_are_asked(folder: Path) -> None:
    assert set(read_reading_set(folder).queries) == {"q1", "q2"}


def test_a_document_in_second_place_gains_less_and_one_that_is_missing_nothing() -> None:
    judged = {"q": {"d": 1}}
    assert ndcg_at_10({"q": [("d", 2.0), ("x", 1.0)]}, judged) == 1.0
    assert ndcg_at_10({"q": [("x", 2.0), ("d", 1.0)]}, judged) == pytest.approx(0.6309, abs=1e-4)
    assert ndcg_at_10({}, judged) == 0.0


def test_a_run_is_written_as_trec_wants_it(tmp_path: Path) -> None:
    write_run({"q1": [("d1", 1.5), ("d2", 0.5)]}, tmp_path / "run.trec")
    assert (tmp_path / "run.trec").read_text().splitlines() == ["q1 Q0 d1 1 1.500000 veivis", "q1 Q0 d2 2 0.500000 veivis"]


def test_a_folder_in_another_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReadingSetBroken, match=str(tmp_path.name)):
        read_reading_set(tmp_path)
