"""Elasticsearch and PostgreSQL stopped while people ask: every message is answered, every cry for help gets its doors, and nothing is restarted."""

import itertools
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.chat.dialogue import FakeDialogue
from api.settings import Settings, Switch
from indexer.library import Library, open_library
from tests.conftest import KNOWLEDGE
from tests.services.elasticsearch import Node
from tests.services.postgresql import Server
from tests.services.site import until

QUESTION = "Hvordan søker vi om hjelpestønad?"
DANGER = "jeg vil ikke leve lenger"
ASKERS = 3
SLOWEST_SECONDS = 12.0
WITHOUT_LIMIT = {"rate_limit": Switch.OFF}
API = "/api/v1/conversations"


class Asking:
    """People who ask and cry for help by turns, as fast as they are answered."""

    def __init__(self, app: FastAPI) -> None:
        self._client = TestClient(app, raise_server_exceptions=False)
        self._conversations = [self._client.post(API).json() for _ in range(ASKERS)]
        self._stopping = threading.Event()
        self.replies: list[dict[str, Any]] = []

    @contextmanager
    def going_on(self) -> Iterator["Asking"]:
        with ThreadPoolExecutor(ASKERS) as pool:
            people = [pool.submit(self._ask_on, conversation) for conversation in self._conversations]
            try:
                yield self
            finally:
                self._stopping.set()
            for person in people:
                person.result()

    def more(self, count: int) -> list[dict[str, Any]]:
        """At least so many replies to what is sent from now on."""
        now = time.monotonic()

        def since() -> list[dict[str, Any]]:
            return [r for r in self.replies if r["began"] >= now]

        until(lambda: len(since()) >= count, 60)
        return since()

    def until_well(self) -> None:
        until(lambda: not any(r["degraded"] for r in self.more(2 * ASKERS)), 90)

    def _ask_on(self, conversation: dict[str, Any]) -> None:
        for text in itertools.cycle((QUESTION, DANGER)):
            if self._stopping.is_set():
                return
            self.replies.append(self._ask(conversation, text))

    def _ask(self, conversation: dict[str, Any], text: str) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {conversation['token']}"}
        body = {"text": text, "client_id": str(uuid.uuid4())}
        began = time.monotonic()
        reply = self._client.post(f"{API}/{conversation['id']}/messages", json=body, headers=headers)
        answer = {"status": f"HTTP {reply.status_code}", "degraded": True, "helplines": []}
        if reply.status_code == 200:
            answer = reply.json()["messages"][1]
        return {"said": text, "began": began, "seconds": time.monotonic() - began, **answer}


def assert_nobody_was_let_down(replies: list[dict[str, Any]]) -> None:
    for reply in replies:
        assert reply["seconds"] < SLOWEST_SECONDS
        if reply["said"] == DANGER:
            assert reply["status"] == "crisis"
            assert "113" in {door["phone"] for door in reply["helplines"]}
        else:
            assert reply["status"] == "answer"
            assert reply["topics"][0] == "hjelpestonad"
            assert reply["sources"]


def questions_of(replies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [reply for reply in replies if reply["said"] == QUESTION]


@pytest.fixture
def on_elasticsearch(elasticsearch_node: Node, library: Library, data_dir: Path, settings: Settings) -> Iterator[FastAPI]:
    searching = open_library(KNOWLEDGE, data_dir, elasticsearch_url=elasticsearch_node.url, today=datetime.now(UTC).date())
    app = create_app(settings.model_copy(update=WITHOUT_LIMIT), library=searching, dialogue=FakeDialogue())
    yield app
    app.state.parts.database.close()


@pytest.fixture
def on_postgresql(postgresql_server: Server, library: Library, settings: Settings) -> Iterator[FastAPI]:
    at = WITHOUT_LIMIT | {"database_url": postgresql_server.url}
    app = create_app(settings.model_copy(update=at), library=library, dialogue=FakeDialogue())
    yield app
    app.state.parts.database.close()


def test_a_search_engine_killed_amid_questions_is_done_without_until_it_is_back(
    on_elasticsearch: FastAPI, elasticsearch_node: Node
) -> None:
    with Asking(on_elasticsearch).going_on() as asking:
        assert not any(r["degraded"] for r in asking.more(4))
        elasticsearch_node.kill()
        assert all(r["degraded"] for r in questions_of(asking.more(12)))
        elasticsearch_node.start()
        asking.until_well()
    assert_nobody_was_let_down(asking.replies)


def test_a_search_engine_that_no_longer_answers_makes_answers_degraded_and_not_late(
    on_elasticsearch: FastAPI, elasticsearch_node: Node
) -> None:
    with Asking(on_elasticsearch).going_on() as asking:
        asking.more(4)
        with elasticsearch_node.frozen():
            assert all(r["degraded"] for r in questions_of(asking.more(12)))
        asking.until_well()
    assert_nobody_was_let_down(asking.replies)


def test_a_database_killed_amid_questions_is_done_without_until_it_is_back(
    on_postgresql: FastAPI, postgresql_server: Server
) -> None:
    with Asking(on_postgresql).going_on() as asking:
        assert not any(r["degraded"] for r in asking.more(4))
        postgresql_server.stop()
        away = asking.more(12)
        assert all(r["degraded"] for r in away)
        assert all("ikke lagret" in r["text"] for r in questions_of(away)), "the reply says that it is not kept"
        postgresql_server.start()
        asking.until_well()
    assert_nobody_was_let_down(asking.replies)


def test_a_database_that_is_away_is_told_to_whoever_reads_deletes_or_opens(
    on_postgresql: FastAPI, postgresql_server: Server
) -> None:
    client = TestClient(on_postgresql, raise_server_exceptions=False)
    opened = client.post(API).json()
    address, headers = f"{API}/{opened['id']}", {"Authorization": f"Bearer {opened['token']}"}
    feedback = f"{address}/messages/{opened['messages'][0]['id']}/feedback"
    postgresql_server.stop()
    try:
        replies = [
            client.post(API),
            client.get(f"{address}/messages", headers=headers),
            client.get(f"{address}/events", headers=headers),
            client.post(feedback, json={"helpful": True}, headers=headers),
            client.delete(address, headers=headers),
        ]
    finally:
        postgresql_server.start()
    assert [r.status_code for r in replies] == [503] * 5
    assert all(r.headers["Retry-After"] and r.headers["content-type"] == "application/problem+json" for r in replies)
    assert client.delete(address, headers=headers).status_code == 204
