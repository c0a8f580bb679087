"""Fixtures that several rooms share: the real knowledge, a service around it, and real servers started once a run."""

import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from api.chat.dialogue import FakeDialogue
from api.settings import Settings
from api.supervisor import free_port
from indexer.knowledge_base import KnowledgeBase, load_knowledge
from indexer.library import Library, open_library
from tests.services.elasticsearch import Node, elasticsearch
from tests.services.postgresql import Server, postgresql
from tests.services.rasa import rasa

ROOT = Path(__file__).parents[1]
KNOWLEDGE = ROOT / "knowledge"


@pytest.fixture(scope="session")
def knowledge() -> KnowledgeBase:
    return load_knowledge(KNOWLEDGE)


@pytest.fixture(scope="session")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="session")
def library(data_dir: Path) -> Library:
    """The real knowledge in a real Tantivy index with the real embedder, as a service that has just started: the articles have no vectors yet."""
    opened = open_library(KNOWLEDGE, data_dir, today=datetime.now(UTC).date())
    opened.sync()
    return opened


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        knowledge_dir=KNOWLEDGE,
        data_dir=tmp_path,
        web_dir=ROOT / "web/dist",
        bot_url="",
        elasticsearch_url="",
        database_url="",
        spacy_model="",
    )


@pytest.fixture
def dialogue() -> FakeDialogue:
    return FakeDialogue()


@pytest.fixture
def app(settings: Settings, library: Library, dialogue: FakeDialogue) -> FastAPI:
    return create_app(settings, library=library, dialogue=dialogue)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """Without the background work, so that no test waits for vectors."""
    yield TestClient(app, raise_server_exceptions=False)
    app.state.parts.database.close()


@pytest.fixture(scope="session")
def elasticsearch_node() -> Iterator[Node]:
    with elasticsearch() as node:
        yield node


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    with postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def rasa_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with rasa(tmp_path_factory.mktemp("bot") / "bot.log") as url:
        yield url


@pytest.fixture(scope="session")
def site(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The whole site on a free port, as a browser meets it."""
    settings = Settings(
        knowledge_dir=KNOWLEDGE,
        data_dir=tmp_path_factory.mktemp("site"),
        web_dir=ROOT / "web/dist",
        bot_url="",
        elasticsearch_url="",
        database_url="",
        spacy_model="",
        rate_limit="off",
    )
    port = free_port()
    application = create_app(settings, library=library, dialogue=FakeDialogue())
    server = uvicorn.Server(uvicorn.Config(application, host="127.0.0.1", port=port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=10)
    application.state.parts.database.close()
