"""What is deleted is gone from every file we write: searched for byte by byte."""

import logging
import uuid
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.chat.dialogue import RasaDialogue
from api.settings import Settings
from indexer.library import Library

MARKER = "plantetmerkexq"


def files_with(marker: str, folder: Path) -> list[Path]:
    wanted = marker.encode()
    return [p for p in folder.rglob("*") if p.is_file() and wanted in p.read_bytes()]


def converse(client: TestClient) -> tuple[str, dict[str, str]]:
    opened = client.post("/api/v1/conversations").json()
    headers = {"Authorization": f"Bearer {opened['token']}"}
    address = f"/api/v1/conversations/{opened['id']}"
    for text in (f"Hva er BPA {MARKER}?", f"{MARKER} kommer fram igjen og igjen " * 20, f"takk {MARKER}"):
        reply = client.post(f"{address}/messages", json={"text": text, "client_id": str(uuid.uuid4())}, headers=headers)
        message = reply.json()["messages"][1]["id"]
    client.post(f"{address}/messages/{message}/feedback", json={"helpful": False, "comment": MARKER}, headers=headers)
    return address, headers


def test_after_deletion_no_file_holds_a_word_of_it(
    settings: Settings, library: Library, caplog: pytest.LogCaptureFixture, data_dir: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    app = create_app(settings, library=library)
    client = TestClient(app)
    address, headers = converse(client)
    assert files_with(MARKER, settings.data_dir), "the marker was kept while the conversation lived"
    assert client.delete(address, headers=headers).status_code == 204
    app.state.parts.database.close()
    assert files_with(MARKER, settings.data_dir) == []
    assert files_with(MARKER, data_dir) == []
    assert MARKER not in caplog.text


def test_the_bot_forgets_what_is_deleted_and_its_log_never_knew(rasa_url: str, settings: Settings, library: Library) -> None:
    dialogue = RasaDialogue(rasa_url, 5.0)
    app = create_app(settings, library=library, dialogue=dialogue)
    client = TestClient(app)
    address, headers = converse(client)
    ident = address.rsplit("/", 1)[1]
    assert MARKER in dialogue.held(ident)
    assert client.delete(address, headers=headers).status_code == 204
    assert MARKER not in dialogue.held(ident)
    app.state.parts.database.close()
    dialogue.close()
