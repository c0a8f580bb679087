"""Killed without warning (SIGKILL) while somebody is in danger: the doors are shown, or shown again after a restart, and nothing is half kept."""

import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from api.storage.models import ConversationRow, MessageRow
from api.storage.session import Database
from api.supervisor import Bot
from indexer.library import Library
from tests.conftest import ROOT
from tests.services import missing
from tests.services.site import Site, is_running, kill, site, until

DANGER = "jeg vil ikke leve lenger"
GOES_ON = "ingen bryr seg uansett"
API = "/api/v1/conversations"
SENDERS = 4
ROUNDS = 4


class Family:
    """One conversation with a service in another process. Keeps what it sent and what it was answered."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)
        opened = self._client.post(API, json={"audience": "ung"}).raise_for_status().json()
        self._client.headers["Authorization"] = f"Bearer {opened['token']}"
        self._messages = f"{API}/{opened['id']}/messages"
        self.sent: list[str] = []
        self.answered: dict[str, Any] = {}

    def say(self, text: str, client_id: str | None = None) -> list[dict[str, Any]]:
        client_id = client_id or str(uuid.uuid4())
        self.sent.append(client_id)
        reply = self._client.post(self._messages, json={"text": text, "client_id": client_id})
        self.answered[client_id] = reply.raise_for_status().json()["messages"]
        messages: list[dict[str, Any]] = self.answered[client_id]
        return messages

    def say_until_nobody_answers(self, text: str) -> None:
        try:
            while True:
                self.say(text)
        except httpx.HTTPError:
            pass

    def kept(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self._client.get(self._messages).raise_for_status().json()["messages"]
        return messages


def shows_the_doors(message: dict[str, Any]) -> bool:
    return message["status"] == "crisis" and {"113", "116 111"} <= {door["phone"] for door in message["helplines"]}


@pytest.fixture
def everything(tmp_path: Path, library: Library, data_dir: Path) -> Iterator[Site]:
    if not Bot.is_installed(ROOT):
        missing("the bot is not installed and trained: run «make setup»")
    with site("up", tmp_path, data_dir) as running:
        until(running.bot_answers, 120)
        yield running


@pytest.fixture
def service(tmp_path: Path, library: Library, data_dir: Path) -> Iterator[Site]:
    with site("serve", tmp_path, data_dir) as running:
        yield running


def test_a_bot_killed_while_it_is_asked_about_danger_takes_no_door_away_and_comes_back(everything: Site) -> None:
    family = Family(everything.url)
    assert shows_the_doors(family.say(DANGER)[1])
    bot = everything.bot()
    assert bot is not None
    kill(bot, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(family.say, GOES_ON)
        until(lambda: holds_a_request(bot), 10)
        kill(bot)
        assert shows_the_doors(waiting.result()[1])
    assert shows_the_doors(family.say(DANGER)[1])
    until(lambda: everything.bot() not in (None, bot), 20)
    assert [m["seq"] for m in family.kept()] == list(range(1, 8))
    started_again = everything.bot()
    everything.kill()
    assert started_again is not None
    until(lambda: not is_running(started_again), 20)


def holds_a_request(pid: int) -> bool:
    """Somebody has sent it something that it has not read: the kernel keeps it, since the process is stopped."""
    port = next(a for a in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0") if a.isdigit())
    local = f":{int(port):04X}"
    lines = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return any(line[1].endswith(local) and int(line[4].split(":")[1], 16) > 0 and line[3] == "01" for line in lines)


def test_a_service_killed_amid_messages_about_danger_shows_the_doors_again_and_has_no_half_turn(service: Site) -> None:
    families = [Family(service.url) for _ in range(SENDERS)]
    threads = [threading.Thread(target=f.say_until_nobody_answers, args=(DANGER,)) for f in families]
    for thread in threads:
        thread.start()
    until(lambda: all(len(f.answered) >= 3 for f in families), 30)
    service.kill()
    for thread in threads:
        thread.join()
    service.start()
    for family in families:
        assert_turns_are_whole(family)
        unanswered = family.sent[-1]
        assert unanswered not in family.answered
        assert shows_the_doors(family.say(DANGER, unanswered)[1])
        assert_turns_are_whole(family)
        assert len(family.kept()) == 1 + 2 * len(family.answered)


def assert_turns_are_whole(family: Family) -> None:
    """Every message is followed by its doors, numbers have no gaps, and all that was answered is kept as it was answered."""
    kept = family.kept()
    assert [m["seq"] for m in kept] == list(range(1, len(kept) + 1))
    assert [m["sender"] for m in kept[1:]] == ["user", "bot"] * (len(kept) // 2)
    assert all(shows_the_doors(m) for m in kept[2::2])
    for answered in family.answered.values():
        assert all(message in kept for message in answered)


WRITER = """
import sys, uuid
from datetime import timedelta
from api.chat.conversation import Draft, Memory, Sender, Status
from api.storage.conversations import Conversations
from api.storage.session import Database
from indexer.article import Audience, Language
conversations = Conversations(Database(sys.argv[1]), timedelta(days=1))
opened = conversations.open(Audience.YOUTH, Language.BOKMAL, None, [])
asked = Draft(Sender.USER, "ord " * 300, Language.BOKMAL)
doors = Draft(Sender.BOT, "svar " * 300, Language.BOKMAL, Status.CRISIS)
for age in range(1, 100000):
    conversations.append_turn(opened.conversation, str(uuid.uuid4()), [asked, doors, doors], Memory(age=age), None)
    print(f"{opened.conversation.id} {age}", flush=True)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+pysqlite:///{tmp_path / 'test.db'}"
    url: str = request.getfixturevalue("postgresql_server").url
    return url


def test_a_writer_killed_at_any_moment_has_kept_what_it_said_it_had_and_only_whole_turns(address: str) -> None:
    database = Database(address)
    database.migrate()
    chance = random.Random(1)
    for _ in range(ROUNDS):
        ident, said = killed_after(address, chance.randint(3, 30), chance.uniform(0, 0.01))
        with database.writing() as session:
            row = session.get(ConversationRow, ident)
            assert row is not None
            messages = list(session.scalars(select(MessageRow).where(MessageRow.conversation_id == ident)))
            assert len(messages) == row.last_seq == 3 * row.memory["age"], "the words, their count and the memory are one commit"
            assert {m.seq for m in messages} == set(range(1, len(messages) + 1))
            assert row.memory["age"] in (said, said + 1), "the commit that nobody heard of may have happened"
    database.close()


def killed_after(address: str, turns: int, seconds: float) -> tuple[str, int]:
    """Killed so long after so many turns. The conversation it wrote in, and the last turn it said that it had kept."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, address], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(turns)]
    time.sleep(seconds)  # the moment is what is tried
    writer.kill()
    said += writer.stdout.readlines()
    writer.wait()
    # The last line may have been cut in the middle.
    ident, turn = [line for line in said if line.endswith("\n")][-1].split()
    return ident, int(turn)
