"""One database: SQLite in a file or PostgreSQL by URL. Opens sessions, translates what the driver raises, migrates with Alembic."""

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

_WAIT_SECONDS = 5
"""For a connection, or for another writer, before the database counts as away."""
MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseUnavailable(Exception):
    """The database cannot be reached or used now. Nothing was changed."""


class Database:
    def __init__(self, url: str) -> None:
        """Opens nothing yet. Raises `DatabaseUnavailable` when the URL names no database we know."""
        self._url = url
        self._engine = _engine(url)
        self._sessions = sessionmaker(self._engine, expire_on_commit=False)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back on any error. Raises `DatabaseUnavailable`."""
        try:
            with self._sessions.begin() as session:
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
        parsed, pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=_WAIT_SECONDS, connect_args={"connect_timeout": 2}
    )


def _sqlite(url: str, database: str | None) -> Engine:
    if database:
        Path(database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, pool_timeout=_WAIT_SECONDS, connect_args={"timeout": _WAIT_SECONDS})

    @event.listens_for(engine, "connect")
    def _pragmas(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # IMMEDIATE waits for the other writer here, instead of failing at the first write.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
