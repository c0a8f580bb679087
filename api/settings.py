"""The settings: every one an environment variable `VEIVIS_*`, read here and nowhere else. Documented in `.env.example`."""

from enum import StrEnum
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Switch(StrEnum):
    ON = "on"
    OFF = "off"


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="VEIVIS_", extra="ignore", frozen=True)

    knowledge_dir: Path = Field(Path("knowledge"), description="The content: articles, questions, word lists, reply texts.")
    data_dir: Path = Field(
        Path("var"), description="What the service makes itself: database, index, vectors. Safe to delete but for the database."
    )
    web_dir: Path = Field(Path("web/dist"), description="The built widget and styles, served under /static.")
    database_url: str = Field("", description="SQLAlchemy URL, e.g. postgresql+psycopg://… Empty: SQLite in the data folder.")
    elasticsearch_url: str = Field(
        "", description="One or more Elasticsearch 8.19+ addresses, comma-separated. Empty: Tantivy in the data folder."
    )
    bot_url: str = Field(
        "http://127.0.0.1:5005", description="Where Rasa answers. Empty: without a bot; answers come from search alone."
    )
    bot_timeout_seconds: float = Field(2.0, gt=0, description="How long a turn waits for Rasa before it goes on without.")
    spacy_model: str = Field(
        "nb_core_news_sm", description="Installed spaCy model or path, for lemmas and names. Missing: word lists do it."
    )
    public_url: str = Field(
        "", description="The address readers use, in canonical links and the sitemap. Empty: the one they asked for."
    )
    retention_days: int = Field(30, ge=0, le=90, description="How many days an anonymous conversation is kept.")
    rate_limit: Switch = Field(Switch.ON, description="off: no limit on messages, for measurements.")
    messages_per_minute: int = Field(30, ge=1, description="Messages a minute from one conversation before 429.")
    conversations_per_minute: int = Field(30, ge=1, description="New conversations a minute from one address before 429.")

    @property
    def sqlalchemy_url(self) -> str:
        return self.database_url or f"sqlite+pysqlite:///{self.data_dir.resolve() / 'veivis.db'}"
