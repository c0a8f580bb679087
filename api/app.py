"""The only place where things are built: settings in, a FastAPI app out. Everything else receives what it uses.

`create_app` reaches the database and the index once and raises when it cannot; from then on each may come and go. Vectors follow in a
background thread, so that start-up never waits for them.
"""

import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

from api import errors, service_routes
from api.chat import routes as chat_routes
from api.chat.answer import Answers
from api.chat.crisis import CrisisRules
from api.chat.dialogue import Dialogue, NoDialogue, RasaDialogue
from api.chat.helplines import hours_text, is_open
from api.chat.kommune_finder import KommuneFinder
from api.chat.masking import Masker, NameFinder
from api.chat.names import PublicNames, SpacyNames, WordListNames
from api.chat.reply_texts import ReplyTexts
from api.chat.turn import TurnParts, Turns
from api.dependencies import Parts
from api.http import BodyLimit, SecurityHeaders
from api.knowledge import routes as knowledge_routes
from api.knowledge.service import KnowledgeService
from api.limits import RateLimiter
from api.live import routes as live_routes
from api.metrics import Metrics
from api.pages.error_pages import install_error_pages
from api.pages.knowledge_pages import KnowledgePages, PagePorts
from api.pages.routes import build_router
from api.settings import Settings, Switch
from api.storage.control import Action, Control
from api.storage.conversations import Conversations
from api.storage.session import Database, DatabaseUnavailable
from indexer.article import Audience, Language
from indexer.knowledge_base import Helpline
from indexer.library import Library, open_library
from indexer.matching import Question
from indexer.search_index import Query, SearchUnavailable
from indexer.spacy_lemmatizer import SpacyModelMissing, load_spacy

log = logging.getLogger("veivis.app")
_PURGE_EVERY_SECONDS = 3600.0
_TRY_AGAIN_SECONDS = 10.0
_NOTHING = Query((), None, (), 1)
"""What is asked of the engine to see that it answers."""
_PUBLIC_PHONES = ("55 55 33 33", "116 117", "800 43 573")
"""Nav, legevakt, Pasientreiser and the like are what a question is about; the helplines' own are added."""


def create_app(
    settings: Settings,
    *,
    library: Library | None = None,
    dialogue: Dialogue | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> FastAPI:
    """Raises `KnowledgeUnreadable`, `SearchUnavailable`, `DatabaseUnavailable` or ValueError, each with one sentence on what is wrong."""
    database = Database(settings.sqlalchemy_url)
    database.migrate()
    library = library or open_library(
        settings.knowledge_dir,
        settings.data_dir,
        elasticsearch_url=settings.elasticsearch_url,
        spacy_model=settings.spacy_model,
        today=now().date(),
    )
    library.sync()
    conversations = Conversations(database, timedelta(days=settings.retention_days))
    control = Control(database)
    dialogue = dialogue or _dialogue(settings)
    background = Background(library, conversations, control, dialogue, now)
    parts = _parts(settings, database, background)
    app = FastAPI(
        title="Veivis",
        version="0.1.0",
        description="Rettigheter og tjenester for barn, unge og familier, med kilder.",
        lifespan=_lifespan,
    )
    app.state.parts = parts
    app.state.background = background
    errors.install(app)
    for router in (chat_routes.router, live_routes.router, knowledge_routes.router, service_routes.router):
        app.include_router(router)
    pages = _pages(parts, library, now)
    app.include_router(build_router(pages, settings.web_dir, settings.public_url))
    install_error_pages(app, pages, settings.web_dir)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders)
    # Any site may embed the chat: a conversation is opened by its bearer token, and there are no cookies to borrow.
    app.add_middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "POST", "DELETE"], allow_headers=["Authorization", "Content-Type", "Last-Event-ID"])  # fmt: skip
    return app


@dataclass(slots=True)
class Background:
    """What goes on beside the requests: vectors after start-up, and the deletion of conversations past their time."""

    library: Library
    conversations: Conversations
    control: Control
    dialogue: Dialogue
    now: Callable[[], datetime]
    state: str = "starting"

    def run(self, stopping: threading.Event) -> None:
        embedding = threading.Thread(target=self._follow_up, args=(stopping,), name="embedding", daemon=True)
        embedding.start()
        while not stopping.is_set():
            self.purge()
            self.dialogue.forget_idle()
            stopping.wait(_PURGE_EVERY_SECONDS)
        embedding.join(timeout=2)

    def purge(self) -> int:
        """Deletes what is past its time, from the database and from the bot. Returns how many conversations."""
        try:
            purged = self.conversations.purge_expired(self.now())
            if purged:
                self.control.record("veivis", Action.PURGED, str(len(purged)))
        except DatabaseUnavailable:
            return 0
        for conversation in purged:
            self.dialogue.forget(conversation)
        log.info("purged", extra={"conversations": len(purged)})
        return len(purged)

    def _follow_up(self, stopping: threading.Event) -> None:
        while not stopping.is_set():
            try:
                self.library.follow_up(lambda done, total: not stopping.is_set())
                self.state = "ok"
                return
            except SearchUnavailable:
                stopping.wait(_TRY_AGAIN_SECONDS)

    def search_state(self) -> str:
        try:
            self.library.index.search(_NOTHING)
        except SearchUnavailable:
            return "unavailable"
        return self.state


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    stopping = threading.Event()
    worker = threading.Thread(target=app.state.background.run, args=(stopping,), name="background", daemon=True)
    worker.start()
    yield
    stopping.set()
    worker.join(timeout=3)
    app.state.parts.database.close()


def _parts(
    settings: Settings,
    database: Database,
    background: Background,
) -> Parts:
    library, conversations, now = background.library, background.conversations, background.now
    base = library.base
    texts = ReplyTexts(base.reply_texts)
    answers = Answers(base, texts, now().date())
    kommuner = KommuneFinder(base.kommuner)
    turns = Turns(
        TurnParts(
            crisis=CrisisRules.from_file(settings.knowledge_dir / "krise.yml"),
            anticipate=library.anticipate,
            likeness=library.likeness,
            hear=library.hear,
            masker=_masker(settings, library),
            dialogue=background.dialogue,
            matcher=library,
            answers=lambda: answers,
            facets=library.facets,
            languages=library.languages,
            texts=texts,
            starting_points=base.starting_points,
            helplines=base.helplines,
            kommuner=kommuner,
            conversations=conversations,
            chat_off_reason=background.control.chat_off_reason,
            now=now,
        )
    )
    return Parts(
        turns=turns,
        conversations=conversations,
        database=database,
        dialogue=background.dialogue,
        knowledge=KnowledgeService(base, answers, library, now().date()),
        kommuner=kommuner,
        limiter=RateLimiter(
            enabled=settings.rate_limit is Switch.ON,
            messages_per_minute=settings.messages_per_minute,
            conversations_per_minute=settings.conversations_per_minute,
        ),
        metrics=Metrics(),
        control=background.control,
        search_state=background.search_state,
    )


def _dialogue(settings: Settings) -> Dialogue:
    return RasaDialogue(settings.bot_url, settings.bot_timeout_seconds) if settings.bot_url else NoDialogue()


def _masker(settings: Settings, library: Library) -> Masker:
    """Word lists first: they know how a name is introduced. spaCy adds what no list has."""
    lists = settings.knowledge_dir / "ordlister"
    public = PublicNames.of(library.base, lists)
    finders: list[NameFinder] = [WordListNames.from_folder(lists, public)]
    with contextlib.suppress(SpacyModelMissing):
        if settings.spacy_model:
            finders.append(SpacyNames(load_spacy(settings.spacy_model), public))
    phones = [h.phone for h in library.base.helplines if h.phone]
    return Masker(finders, (*_PUBLIC_PHONES, *phones))


def _pages(parts: Parts, library: Library, now: Callable[[], datetime]) -> KnowledgePages:
    def search(query: str, audience: Audience, language: Language) -> tuple[list[str], bool]:
        matches = library.match(Question(query, audience, language))
        return list(matches.topics), matches.degraded

    def danger_doors(text: str, audience: Audience) -> list[Helpline]:
        return parts.turns.doors_for(text, audience)

    def hours(helpline: Helpline) -> tuple[str | None, bool | None]:
        return hours_text(helpline, Language.BOKMAL), is_open(helpline, now())

    ports = PagePorts(search, danger_doors, hours, lambda: parts.control.chat_off_reason() is None)
    return KnowledgePages(library.base, now().date(), ports)
