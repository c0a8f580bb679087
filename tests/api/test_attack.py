"""Whatever is sent, it is answered, and never with an error of ours: against the real app, with SQLite and Tantivy."""

import json
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from api.app import create_app
from api.bench.attack import run_attack
from api.chat.dialogue import FakeDialogue
from api.settings import Settings, Switch
from indexer.library import Library

REQUESTS = 400
MESSAGES = 40
API = "/api/v1/conversations"
ANY_CHARACTER = st.characters(codec=None)


@pytest.fixture
def unlimited(settings: Settings, library: Library) -> Any:
    app = create_app(settings.model_copy(update={"rate_limit": Switch.OFF}), library=library, dialogue=FakeDialogue())
    yield app
    app.state.parts.database.close()


@pytest.fixture
def conversation(unlimited: FastAPI) -> tuple[TestClient, str]:
    client = TestClient(unlimited, raise_server_exceptions=False)
    opened = client.post(API).json()
    client.headers["Authorization"] = f"Bearer {opened['token']}"
    return client, f"{API}/{opened['id']}/messages"


def test_random_and_malformed_requests_are_all_answered_without_an_error_of_ours(unlimited: FastAPI) -> None:
    report = run_attack(unlimited, REQUESTS)
    assert report.failures == ()
    assert report.requests >= REQUESTS
    assert {200, 201, 204, 404, 422} <= report.statuses.keys(), "some requests are good ones, and some are not"


def test_an_attack_finds_what_breaks() -> None:
    app = FastAPI()

    @app.post("/api/v1/conversations")
    def opened() -> dict[str, Any]:
        return {"id": "a", "token": "b", "messages": [{"id": "c"}]}

    @app.get("/halves")
    def halves(number: int) -> float:
        return 1 / number

    report = run_attack(app, 200)
    assert "ZeroDivisionError" in {failure.error.split()[0] for failure in report.failures}
    assert report.failed >= 1


@settings(max_examples=MESSAGES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(ANY_CHARACTER, max_size=200))
@example("\ud83d")
@example("\x00")
def test_any_text_is_answered_or_refused_with_a_reason(conversation: tuple[TestClient, str], text: str) -> None:
    client, address = conversation
    reply = client.post(address, content=json.dumps({"text": text}), headers={"Content-Type": "application/json"})
    assert reply.status_code in (200, 422)
    assert reply.json()["messages"][1]["text"] if reply.status_code == 200 else reply.json()["errors"][0]["reason"]


def test_half_an_emoji_does_not_keep_a_cry_for_help_from_its_doors(conversation: tuple[TestClient, str]) -> None:
    client, address = conversation
    body = json.dumps({"text": "jeg vil ikke leve lenger \ud83d"})
    reply = client.post(address, content=body, headers={"Content-Type": "application/json"}).json()["messages"]
    assert reply[1]["status"] == "crisis"
    assert reply[0]["text"] == "jeg vil ikke leve lenger"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[" * 60_000, "application/json"),
        (b'{"text":' * 7_000, "application/json"),
        (b'{"text": 1' + b"0" * 9_000 + b"}", "application/json"),
        (b'{"text": NaN}', "application/json"),
        ('{"text": "hei"}'.encode("utf-32"), "application/json; charset=utf-16"),
        ('{"text": "blåbær"}'.encode("latin-1"), "application/json"),
        (b'{"text": "hei"}', "text/plain"),
        (b'{"text": "hei"}', ""),
        (b"\xff\xfe", "multipart/form-data; boundary="),
    ],
)
def test_a_body_that_is_no_message_is_refused_or_read_as_what_it_says(
    conversation: tuple[TestClient, str], body: bytes, content_type: str
) -> None:
    client, address = conversation
    reply = client.post(address, content=body, headers={"Content-Type": content_type})
    assert reply.status_code in (200, 400, 422)
    if reply.status_code != 200:
        assert reply.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/static/%00", {}, 404),
        ("/static/" + "a" * 5_000, {}, 404),
        ("/static/..%2f..%2fpyproject.toml", {}, 404),
        (f"{API}/%00/messages", {"Authorization": "Bearer x"}, 404),
        ("/", {"Content-Length": "9" * 5_000}, 413),
    ],
)
def test_an_address_or_a_length_that_cannot_be_is_an_ordinary_no(
    unlimited: FastAPI, path: str, headers: dict[str, str], status: int
) -> None:
    client = TestClient(unlimited, raise_server_exceptions=False)
    assert client.get(path, headers=headers).status_code == status


@pytest.mark.parametrize("after", ["2147483648", "9" * 30, "9" * 5_000, "-1"])
def test_a_number_no_message_can_have_is_refused(conversation: tuple[TestClient, str], after: str) -> None:
    client, address = conversation
    assert client.get(address, params={"after": after}).status_code == 422
