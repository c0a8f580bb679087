"""The repository of conversations on both databases: the same tests, the same results."""

import threading
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from api.chat.conversation import Draft, Memory, Option, Pending, Sender, ShownSource, Status
from api.chat.crisis import Danger
from api.storage.conversations import Conversations, Opened
from api.storage.session import Database, DatabaseUnavailable
from indexer.article import Audience, Facet, Language

GREETING = Draft(Sender.BOT, "Hei!", Language.BOKMAL, Status.SMALLTALK)
SOURCE = ShownSource(
    "ftrl", "Folketrygdloven § 6-4", "Lovdata", "https://lovdata.no", "§ 6-4", "lov", "2026-11-24", "hjelpestonad"
)
ANSWER = Draft(
    Sender.BOT,
    "Svar æøå 🙂",
    Language.NYNORSK,
    Status.ANSWER,
    topics=("hjelpestonad",),
    facet=Facet.APPLY,
    sources=(SOURCE,),
    options=(Option("a", "b"),),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        opened = Database(f"sqlite+pysqlite:///{tmp_path / 'test.db'}")
    else:
        opened = Database(request.getfixturevalue("postgresql_server").url)
        with opened.writing() as session:
            for table in ("feedback", "messages", "conversations", "switches", "audit_log", "alembic_version"):
                session.execute(text(f"DROP TABLE IF EXISTS {table} CASCADE"))
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def conversations(database: Database) -> Conversations:
    return Conversations(database, timedelta(days=30))


def opened(conversations: Conversations) -> Opened:
    return conversations.open(Audience.YOUTH, Language.NYNORSK, "3205", [GREETING])


def asked(words: str = "hei") -> Draft:
    return Draft(Sender.USER, words, Language.BOKMAL)


def test_migrating_twice_changes_nothing(database: Database) -> None:
    database.migrate()
    assert database.is_up()


def test_only_the_token_opens_a_conversation(conversations: Conversations) -> None:
    first, second = opened(conversations), opened(conversations)
    found = conversations.find(first.conversation.id, first.token)
    assert found is not None
    assert (found.audience, found.language, found.kommune) == (Audience.YOUTH, Language.NYNORSK, "3205")
    assert conversations.find(first.conversation.id, second.token) is None
    assert conversations.find(str(uuid.uuid4()), first.token) is None


def test_whoever_only_reads_waits_for_no_writer(conversations: Conversations, database: Database) -> None:
    kept = opened(conversations)
    with database.writing() as session:
        session.execute(text("UPDATE conversations SET kommune = '0301'"))
        began = time.monotonic()
        found = conversations.find(kept.conversation.id, kept.token)
    assert found is not None
    assert found.kommune == "3205"
    assert time.monotonic() - began < 1


def test_the_token_is_stored_only_as_a_hash(conversations: Conversations, database: Database) -> None:
    token = opened(conversations).token
    with database.writing() as session:
        rows = session.execute(text("SELECT * FROM conversations")).all()
    assert token not in repr(rows)


def test_a_turn_comes_back_as_it_was_kept_with_seq_without_gaps(conversations: Conversations) -> None:
    conversation = opened(conversations).conversation
    memory = Memory("hjelpestonad", Facet.APPLY, 12, Language.NYNORSK, Pending.CRISIS, (Option("x", "y"),), Danger.SUICIDE)
    for _ in range(3):
        conversations.append_turn(conversation, None, [asked(), ANSWER], memory, "0301")
    messages = conversations.messages(conversation.id)
    assert [m.seq for m in messages] == [1, 2, 3, 4, 5, 6, 7]
    assert messages[2].draft == ANSWER
    assert [m.seq for m in conversations.messages(conversation.id, after=5)] == [6, 7]


def test_memory_and_kommune_are_remembered(conversations: Conversations) -> None:
    start = opened(conversations)
    memory = Memory("bup", Facet.DEADLINE, 15, None, Pending.CHOICE, (Option("a", "tema:bup"),), Danger.ABUSE)
    conversations.append_turn(start.conversation, None, [asked()], memory, "4601")
    found = conversations.find(start.conversation.id, start.token)
    assert found is not None
    assert found.memory == memory
    assert found.kommune == "4601"


def test_the_same_client_id_keeps_one_turn_even_when_sent_at_once(conversations: Conversations) -> None:
    conversation = opened(conversations).conversation
    client_id = str(uuid.uuid4())
    results: list[list[str]] = []

    def send() -> None:
        kept = conversations.append_turn(conversation, client_id, [asked(), ANSWER], Memory(), None)
        results.append([m.id for m in kept])

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert all(r == results[0] for r in results)
    assert len(conversations.messages(conversation.id)) == 3


def test_many_at_once_get_each_their_own_seq(conversations: Conversations) -> None:
    conversation = opened(conversations).conversation

    def send() -> None:
        conversations.append_turn(conversation, str(uuid.uuid4()), [asked(), ANSWER], Memory(), None)

    threads = [threading.Thread(target=send) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [m.seq for m in conversations.messages(conversation.id)] == list(range(1, 22))


def test_deleting_takes_everything_with_it(conversations: Conversations, database: Database) -> None:
    start = opened(conversations)
    kept = conversations.append_turn(start.conversation, None, [asked("hemmelig-markør"), ANSWER], Memory(), None)
    assert conversations.give_feedback(start.conversation.id, kept[1].id, True, "kommentar-markør")
    conversations.delete(start.conversation.id)
    assert conversations.find(start.conversation.id, start.token) is None
    with database.writing() as session:
        for table in ("conversations", "messages", "feedback"):
            assert session.execute(text(f"SELECT count(*) FROM {table}")).scalar() == 0
    assert conversations.append_turn(start.conversation, None, [asked()], Memory(), None) == []


def test_feedback_is_only_for_replies_of_the_own_conversation(conversations: Conversations) -> None:
    mine, other = opened(conversations), opened(conversations)
    kept = conversations.append_turn(mine.conversation, None, [asked(), ANSWER], Memory(), None)
    assert not conversations.give_feedback(other.conversation.id, kept[1].id, True, None)
    assert not conversations.give_feedback(mine.conversation.id, kept[0].id, True, None)
    assert not conversations.give_feedback(mine.conversation.id, "unknown", True, None)
    assert conversations.give_feedback(mine.conversation.id, kept[1].id, False, "a")
    assert conversations.give_feedback(mine.conversation.id, kept[1].id, True, None)


def test_purging_deletes_what_is_past_its_time_on_a_moved_clock(conversations: Conversations) -> None:
    start = opened(conversations)
    now = datetime.now(UTC)
    assert conversations.purge_expired(now + timedelta(days=29)) == []
    assert conversations.purge_expired(now + timedelta(days=31)) == [start.conversation.id]
    assert not conversations.exists(start.conversation.id)


def test_an_expired_conversation_is_closed_before_it_is_purged(database: Database) -> None:
    conversations = Conversations(database, timedelta(days=0))
    start = opened(conversations)
    assert conversations.find(start.conversation.id, start.token) is None


def test_a_database_that_goes_away_and_comes_back_needs_no_restart(postgresql_server: object) -> None:
    server = postgresql_server
    database = Database(server.url)  # type: ignore[attr-defined]
    database.migrate()
    conversations = Conversations(database, timedelta(days=1))
    start = opened(conversations)
    server.stop()  # type: ignore[attr-defined]
    with pytest.raises(DatabaseUnavailable):
        conversations.find(start.conversation.id, start.token)
    assert not database.is_up()
    server.start()  # type: ignore[attr-defined]
    assert conversations.find(start.conversation.id, start.token) is not None
    database.close()


@pytest.mark.parametrize("url", ["tull", "mysql://localhost/x"])
def test_a_url_that_is_no_database_of_ours_is_told(url: str) -> None:
    with pytest.raises(DatabaseUnavailable):
        Database(url)
