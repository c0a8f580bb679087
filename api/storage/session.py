"""One database: SQLite in a file or PostgreSQL by URL. Opens sessions, translates what the driver raises, migrates with Alembic."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnectionInTime
from sqlalchemy.orm import Session, sessionmaker

_READS = "veivis_reads"
_WAIT_SECONDS = 5
"""For a connection, or for another writer, before the database counts as away."""
_GIVES_UP: dict[str, object] = {
    "connect_timeout": 2,
    "options": f"-c statement_timeout={_WAIT_SECONDS * 1000}",
    "tcp_user_timeout": _WAIT_SECONDS * 1000,
    "keepalives_idle": _WAIT_SECONDS,
    "keepalives_interval": 2,
    "keepalives_count": 2,
}
"""When PostgreSQL counts as away: a statement that takes too long, or a machine that is no longer there and so will never say so."""
_ANSWERING_THREADS = 40
"""FastAPI answers with so many."""
MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseUnavailable(Exception):
    """The database cannot be reached or used now. Nothing was changed."""


class Database:
    def __init__(self, url: str) -> None:
        """Opens nothing yet. Raises `DatabaseUnavailable` when the URL names no database we know."""
        self._url = url
        self._engine = _engine(url)
        self._writers = sessionmaker(self._engine, expire_on_commit=False)
        self._readers = sessionmaker(self._engine.execution_options(**{_READS: True}), expire_on_commit=False)
        self._one_writer = threading.Lock() if self._engine.dialect.name == "sqlite" else None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error. Raises `DatabaseUnavailable`."""
        with self._in_line(), self._transaction(self._writers) as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One transaction that changes nothing, and waits for no writer. Raises `DatabaseUnavailable`."""
        with self._transaction(self._readers) as session:
            yield session

    @contextmanager
    def _in_line(self) -> Iterator[None]:
        """SQLite has one writer at a time, and lets the others sleep and try again, ever longer. Here they stand in line instead."""
        if self._one_writer is None:
            yield
            return
        if not self._one_writer.acquire(timeout=_WAIT_SECONDS):
            raise DatabaseUnavailable("another writer took too long")
        try:
            yield
        finally:
            self._one_writer.release()

    @contextmanager
    def _transaction(self, sessions: sessionmaker[Session]) -> Iterator[Session]:
        try:
            with sessions.begin() as session:
                yield session
        except NoConnectionInTime as error:
            raise DatabaseUnavailable("every connection is taken") from error
        except (OperationalError, DBAPIError) as error:
            if isinstance(error, OperationalError) or error.connection_invalidated:
                raise DatabaseUnavailable(type(error.orig).__name__) from error
            raise

    def is_up(self) -> bool:
        try:
            with self._engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        return True

    def migrate(self) -> None:
        """Brings the tables to the newest form; doing it again changes nothing. Raises `DatabaseUnavailable`."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["engine"] = self._engine
        try:
            command.upgrade(config, "head")
        except OperationalError as error:
            raise DatabaseUnavailable(f"{make_url(self._url).render_as_string(hide_password=True)}: {error.orig}") from error

    def close(self) -> None:
        self._engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnavailable("VEIVIS_DATABASE_URL is not a database URL") from error
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    if not parsed.drivername.startswith("postgresql"):
        raise DatabaseUnavailable("VEIVIS_DATABASE_URL must be PostgreSQL or SQLite")
    # Pings find connections that a restarted server has dropped, so that recovery needs no restart of ours.
    return create_engine(
        parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=_WAIT_SECONDS, connect_args=_GIVES_UP
    )


def _sqlite(url: str, database: str | None) -> Engine:
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    # As many connections as there are threads that answer: one that is closed after each use costs four pragmas to open again.
    engine = create_engine(url, pool_size=_ANSWERING_THREADS, pool_timeout=_WAIT_SECONDS, connect_args={"timeout": _WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE waits for a writer of another process here, instead of failing at the first write.
        reads = connection.get_execution_options().get(_READS, False)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine
