"""SearchIndex on an Elasticsearch 8.19+ server: BM25 over whitespace-separated terms, dense vectors for cosine.

Each build is an index of its own behind one alias; the alias is switched in one call. Elasticsearch is never the record:
everything here can be built again from `knowledge/`.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError
from elasticsearch.helpers import BulkIndexError, bulk, scan

from indexer.search_index import Hit, Hits, IndexedPassage, Passage, Query, SearchUnavailable, StoredPassage

_PASSAGE_FIELDS = [f.name for f in fields(Passage)]
_MAPPINGS: dict[str, Any] = {
    "dynamic": False,
    "properties": {
        "id": {"type": "keyword"},
        "kind": {"type": "keyword"},
        "digest": {"type": "keyword"},
        "has_vector": {"type": "boolean"},
        "terms": {"type": "text", "analyzer": "whitespace", "index_options": "freqs"},
        "vector": {"type": "dense_vector", "dims": 384, "index": True, "similarity": "cosine", "index_options": {"type": "hnsw"}},
    },
}
_SETTINGS = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}
_EVERY_CANDIDATE = 2000
"""Candidates of the vector search: enough that its best hundred are those of an exact search."""


class ElasticsearchIndex:
    def __init__(self, url: str, alias: str = "veivis", timeout_seconds: float = 2.0) -> None:
        self._alias = alias
        hosts = [address.strip() for address in url.split(",")]
        self._client = Elasticsearch(hosts, request_timeout=timeout_seconds, max_retries=1, retry_on_timeout=False)
        self._slow = self._client.options(request_timeout=120)

    def stored(self) -> Mapping[str, StoredPassage]:
        with _translated():
            if not self._client.indices.exists_alias(name=self._alias):
                return {}
            found = scan(self._slow, index=self._alias, source=["id", "digest", "has_vector"], size=2000)
            return {d["_source"]["id"]: StoredPassage(d["_source"]["digest"], d["_source"]["has_vector"]) for d in found}

    def replace(self, passages: Sequence[IndexedPassage]) -> None:
        name = f"{self._alias}-{uuid.uuid4().hex}"
        with _translated():
            old = self._indices_behind_alias()
            self._slow.indices.create(index=name, mappings=_MAPPINGS, settings=_SETTINGS)
            try:
                bulk(self._slow, (_document(name, p) for p in passages))
                self._slow.indices.refresh(index=name)
            except (ApiError, TransportError, BulkIndexError):
                self._slow.indices.delete(index=name, ignore_unavailable=True)
                raise
            remove = [{"remove": {"index": i, "alias": self._alias}} for i in old]
            self._slow.indices.update_aliases(actions=[*remove, {"add": {"index": name, "alias": self._alias}}])
            for index in old:
                self._slow.indices.delete(index=index, ignore_unavailable=True)

    def update(self, changed: Sequence[IndexedPassage], removed: Sequence[str]) -> None:
        with _translated():
            names = self._indices_behind_alias()
            if not names:
                return self.replace(changed)
            gone = ({"_op_type": "delete", "_index": names[0], "_id": i} for i in removed)
            actions: Iterable[dict[str, Any]] = [*gone, *(_document(names[0], p) for p in changed)]
            bulk(self._slow, actions, refresh="wait_for", raise_on_error=True, ignore_status=(404,))

    def search(self, query: Query) -> Hits:
        only = {"terms": {"kind": list(query.kinds)}}
        searches: list[Mapping[str, Any]] = [{}, _lexical_body(query, only)]
        if query.vector is not None:
            searches += [{}, _semantic_body(query, only)]
        with _translated():
            answers = self._client.msearch(index=self._alias, searches=searches)["responses"]
        if answers[0].get("status") == 404:
            return Hits((), ())
        for answer in answers:
            if "error" in answer:
                raise SearchUnavailable(str(answer["error"].get("type")))
        lexical = _hits(answers[0], lambda score: score) if query.terms else ()
        # Elasticsearch reports cosine c as (1 + c) / 2.
        semantic = _hits(answers[1], lambda score: 2 * score - 1) if len(answers) > 1 else ()
        return Hits(lexical, semantic)

    def drop(self) -> None:
        """Removes everything behind the alias."""
        with _translated():
            for index in self._indices_behind_alias():
                self._slow.indices.delete(index=index, ignore_unavailable=True)

    def close(self) -> None:
        self._client.close()

    def _indices_behind_alias(self) -> list[str]:
        try:
            return list(self._client.indices.get_alias(name=self._alias))
        except NotFoundError:
            return []


@contextmanager
def _translated() -> Any:
    try:
        yield
    except (ApiError, TransportError, BulkIndexError) as error:
        raise SearchUnavailable(f"Elasticsearch: {type(error).__name__}") from error


def _document(index: str, indexed: IndexedPassage) -> dict[str, Any]:
    document: dict[str, Any] = {
        "_index": index,
        "_id": indexed.passage.id,
        **asdict(indexed.passage),
        "terms": " ".join(indexed.terms),
        "has_vector": indexed.vector is not None,
    }
    if indexed.vector is not None:
        document["vector"] = indexed.vector.tolist()
    return document


def _lexical_body(query: Query, only: dict[str, Any]) -> dict[str, Any]:
    match = {"match": {"terms": {"query": " ".join(query.terms)}}}
    wanted = {"bool": {"must": [match], "filter": [only]}} if query.terms else {"match_none": {}}
    return {"query": wanted, "size": query.limit, "_source": _PASSAGE_FIELDS}


def _semantic_body(query: Query, only: dict[str, Any]) -> dict[str, Any]:
    assert query.vector is not None
    knn = {
        "field": "vector",
        "query_vector": query.vector.tolist(),
        "k": query.limit,
        "num_candidates": max(_EVERY_CANDIDATE, query.limit),
        "filter": only,
    }
    return {"knn": knn, "size": query.limit, "_source": _PASSAGE_FIELDS}


def _hits(answer: Mapping[str, Any], as_score: Any) -> tuple[Hit, ...]:
    found = answer["hits"]["hits"]
    return tuple(Hit(Passage(**{f: d["_source"][f] for f in _PASSAGE_FIELDS}), as_score(d["_score"])) for d in found)
