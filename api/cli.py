"""The commands: `veivis serve|chat|check|index|train|eval|search`. What goes wrong is told in one sentence, with exit code 1."""

import gc
import getpass
import json
import logging
import socket
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.logging import RichHandler
from rich.markdown import Markdown
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from api.app import create_app
from api.bench import commands as bench_commands
from api.bench.peer import PeerUnavailable
from api.bot_examples import BOT_EXAMPLES, bot_examples, write_bot_questions
from api.chat.conversation import Incoming, Message, Sender, Status
from api.dependencies import Parts
from api.evaluation import Item, QuestionFileBroken, Verdict, ask, draw, read_talks, risk_coverage, sureness
from api.evaluation import report as report_of
from api.settings import Settings
from api.storage.control import Action, Control
from api.storage.session import Database, DatabaseUnavailable
from api.supervisor import Bot
from indexer.article import Audience, Language
from indexer.checks import check_knowledge
from indexer.knowledge_base import KnowledgeUnreadable, load_knowledge
from indexer.library import Library, facet_examples, lemma_table, open_library, talk_lines, train_matcher, train_meaning
from indexer.matching import Question
from indexer.reading_set import ReadingSetBroken
from indexer.search_index import SearchUnavailable
from indexer.spacy_lemmatizer import SpacyModelMissing

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Veivis: rettigheter og tjenester for barn, unge og familier.",
)
index_app = typer.Typer(no_args_is_help=True, help="Søkeindeksen: bygg, synkroniser, søk.")
train_app = typer.Typer(no_args_is_help=True, help="Det som læres av eksempelspørsmålene.")
app.add_typer(index_app, name="index")
app.add_typer(train_app, name="train")
out = Console()
err = Console(stderr=True)
_KEPT_OPEN_SECONDS = 65
"""A quiet connection: longer than clients and proxies usually keep theirs, so that it is they who close it and not we, just as they write."""


@contextmanager
def one_sentence() -> Iterator[None]:
    """Turns what can be expected to go wrong at the start into one line and exit code 1."""
    try:
        yield
    except SearchUnavailable as error:
        _stop(f"Søkemotoren svarer ikke: {error}")
    except DatabaseUnavailable as error:
        _stop(f"Databasen svarer ikke: {error}")
    except KnowledgeUnreadable as error:
        _stop(f"Kunnskapen kan ikke leses: {error}")
    except PeerUnavailable as error:
        _stop(f"Sammenligningen kan ikke kjøres: {error}")
    except (QuestionFileBroken, ReadingSetBroken, FileNotFoundError) as error:
        _stop(f"Filen kan ikke leses: {error}")
    except SpacyModelMissing as error:
        _stop(f"Språkmodellen finnes ikke: {error}")
    except ValueError as error:
        _stop(f"Noe er satt opp feil: {error}")


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Adressen det lyttes på.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porten det lyttes på.", envvar="PORT")] = 8000,
) -> None:
    """Start nettsiden og API-et. Boten kjører for seg, der VEIVIS_BOT_URL sier."""
    _serve(Settings(), host, port)


@app.command()
def up(port: Annotated[int, typer.Option(help="Porten det lyttes på.", envvar="PORT")] = 8000) -> None:
    """Start alt: boten, nettsiden og API-et. Ctrl-C avslutter alt. Dette er det `make run` ender med."""
    root = Path.cwd()
    settings = Settings()
    if not Bot.is_installed(root):
        err.print("Boten er ikke installert: svarene kommer fra søket alene.")
        return _serve(settings.model_copy(update={"bot_url": ""}), "127.0.0.1", port)
    with one_sentence():
        _must_be_free("127.0.0.1", port)
    bot = Bot(root, settings.data_dir / "log" / "bot.log")
    bot.start()
    try:
        _serve(settings.model_copy(update={"bot_url": bot.url}), "127.0.0.1", port)
    finally:
        bot.stop()


def _serve(settings: Settings, host: str, port: int) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=err, show_path=False)])
    logging.getLogger("elastic_transport").setLevel(logging.ERROR)  # warns at every attempt of what is answered as degraded
    with one_sentence():
        _must_be_free(host, port)
        err.print("→ Leser kunnskapen og klargjør søket")
        application = create_app(settings)
        note = application.state.background.library.spacy_note
        if note:
            err.print(note)
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEPT_OPEN_SECONDS,
        )
    )
    threading.Thread(target=_announce, args=(server, f"http://{host}:{port}", application.state.parts), daemon=True).start()
    # What was read at start stays for as long as we run: the collector need not go through it while people wait.
    gc.collect()
    gc.freeze()
    server.run()


def _announce(server: uvicorn.Server, address: str, parts: Parts) -> None:
    """Says when the site answers, and when what follows in the background is there too."""
    while not server.started:
        time.sleep(0.05)
    out.print(f"[bold]Veivis svarer på {address}[/bold] (Ctrl-C avslutter)")
    waiting: dict[str, Callable[[], bool]] = {
        "boten": lambda: parts.dialogue.state() == "unavailable",
        "vektorene": lambda: parts.search_state() == "starting",
    }
    while waiting and not server.should_exit:
        for name in [n for n, missing in waiting.items() if not missing()]:
            if name != "boten" or parts.dialogue.state() == "ok":
                out.print(f"→ {name[0].upper()}{name[1:]} er klar" + ("e" if name == "vektorene" else ""))
            del waiting[name]
        time.sleep(0.5)


@app.command()
def chat(
    audience: Annotated[Audience, typer.Option(help="Hvem du er.")] = Audience.PARENT,
    language: Annotated[Language, typer.Option(help="Språket svarene skal ha.")] = Language.BOKMAL,
    kommune: Annotated[str | None, typer.Option(help="Kommunenummer.")] = None,
) -> None:
    """Still spørsmål i terminalen. Tom linje avslutter, et tall velger, og samtalen slettes etterpå."""
    with one_sentence():
        parts = _parts()
        opened = parts.conversations.open(audience, language, kommune, [parts.turns.greeting(audience, language)])
    for message in opened.messages:
        _show(message)
    last = opened.messages[-1]
    try:
        while text := out.input("\n[bold]> [/bold]").strip():
            conversation = parts.conversations.find(opened.conversation.id, opened.token)
            if conversation is None:
                break
            for message in parts.turns.take_turn(conversation, _incoming(text, last)):
                if message.draft.sender is not Sender.USER:
                    _show(message)
                    last = message
    except (EOFError, KeyboardInterrupt):
        pass
    finally:
        parts.conversations.delete(opened.conversation.id)
        parts.dialogue.forget(opened.conversation.id)


@app.command()
def check(knowledge: Annotated[Path | None, typer.Argument(help="Mappen med kunnskapen.")] = None) -> None:
    """Kontroller alt i knowledge/. Skriver fil, linje, regel og hvordan feilen rettes."""
    with one_sentence():
        began = time.perf_counter()
        base = load_knowledge(knowledge or Settings().knowledge_dir)
        problems = check_knowledge(base, datetime.now(UTC).date())
    for problem in problems:
        out.print(str(problem), soft_wrap=True, highlight=False, markup=False)
    out.print(
        f"{len(base.articles)} artikler, {len(base.questions)} spørsmål, {len(problems)} feil ({time.perf_counter() - began:.1f} s)"
    )
    if problems:
        raise typer.Exit(1)


@app.command()
def off(reason: Annotated[str, typer.Option(help="Hvorfor. Står i loggen, vises ikke for folk.")]) -> None:
    """Slå av chatten. Nødnumre, søk og artikler virker fortsatt. Gjelder alle prosesser innen noen sekunder."""
    with one_sentence():
        _control().turn_chat_off(reason, getpass.getuser())
    out.print("Chatten er slått av. Slå den på igjen med «veivis on».")


@app.command()
def on() -> None:
    """Slå på chatten igjen."""
    with one_sentence():
        _control().turn_chat_on(getpass.getuser())
    out.print("Chatten er slått på.")


@app.command()
def audit(limit: Annotated[int, typer.Option(help="Hvor mange linjer.", min=1)] = 50) -> None:
    """Vis hvem som gjorde hva."""
    with one_sentence():
        entries = _control().entries(limit)
    table = Table("Når (UTC)", "Hvem", "Hva", "Detaljer")
    for entry in entries:
        table.add_row(f"{entry.at:%Y-%m-%d %H:%M:%S}", entry.actor, entry.action, entry.detail)
    out.print(table)


@index_app.command("build")
def index_build() -> None:
    """Bygg indeksen på nytt ved siden av den gamle, med vektorer, og bytt når den er ferdig."""
    with one_sentence():
        library = _library()
        report = library.rebuild()
        _follow_up(library)
        _control().record(getpass.getuser(), Action.INDEX_REBUILT, f"{report.passages} avsnitt")


@index_app.command("sync")
def index_sync() -> None:
    """Gjør indeksen lik det som er publisert. Bare det som er endret, blir gjort på nytt."""
    with one_sentence():
        library = _library()
        report = library.sync()
        out.print(
            f"{report.passages} avsnitt: {report.changed} endret, {report.removed} fjernet{', bygd på nytt' if report.rebuilt else ''}."
        )
        _follow_up(library)


@index_app.command("search")
def index_search(
    query: Annotated[str, typer.Argument(help="Spørsmålet.")],
    audience: Audience = Audience.PARENT,
    language: Language = Language.BOKMAL,
) -> None:
    """Vis hvilke temaer et spørsmål treffer, og hvor sikkert."""
    search(query, audience, language)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="Spørsmålet.")],
    audience: Audience = Audience.PARENT,
    language: Language = Language.BOKMAL,
) -> None:
    """Vis hvilke temaer et spørsmål treffer, og hvor sikkert."""
    with one_sentence():
        library = _library()
        library.sync()
        _follow_up(library, quiet=True)
        matches = library.match(Question(query, audience, language))
    table = Table("Tema", "Sannsynlighet", title=f"{matches.verdict}{' (uten søkemotor)' if matches.degraded else ''}")
    for topic, confidence in zip(matches.topics, matches.confidences, strict=True):
        table.add_row(topic, f"{confidence:.2f}")
    out.print(table)


@train_app.command("meaning")
def train_meaning_command(
    go_on: Annotated[bool, typer.Option("--go-on", help="Fortsett fra det som er lært, i stedet for å begynne forfra.")] = False,
) -> None:
    """Lær modellen hva eksemplene i kunnskapen betyr (rundt en time). Skriver indexer/trained/adapter.npz. Deretter: `veivis train matcher`."""
    with one_sentence(), _progress("Lærer") as advance:

        def report(done: int, total: int, off: float) -> None:
            advance(done, total)

        try:
            knowledge = Settings().knowledge_dir
            acts, facets, talks = bot_examples(BOT_EXAMPLES), facet_examples(knowledge), talk_lines(knowledge)
            train_meaning(_library(), acts, facets, talks, report, go_on)
        except ImportError as error:
            raise ValueError("installer requirements-train.lock først") from error


@train_app.command("matcher")
def train_matcher_command() -> None:
    """Lær hvordan alt veies sammen, av eksemplene som modellen ikke har sett. Skriver indexer/trained/weights.json."""
    with one_sentence():
        library = _library()
        library.sync()
        _follow_up(library)
        with _progress("Leser eksemplene") as advance:
            result = train_matcher(library, talk_lines(Settings().knowledge_dir), advance)
    figures = {"questions": result.questions, "matching": result.matching, "likeness": result.likeness}
    out.print(json.dumps(figures, indent=1, default=asdict))


@train_app.command("bot")
def train_bot() -> None:
    """Skriv et utvalg av eksempelspørsmålene til bot/data/nlu/, så boten kjenner et spørsmål fra et ønske om å snakke med noen."""
    path = BOT_EXAMPLES / "question_topics.yml"
    with one_sentence():
        count = write_bot_questions(load_knowledge(Settings().knowledge_dir).questions, path)
    out.print(f"{count} spørsmål i {path}. «make setup» trener boten på nytt.")


@train_app.command("lemmas")
def train_lemmas() -> None:
    """Skriv grunnformen av alle ord i kunnskapen til ordlister/lemma.tsv, så oppstarten slipper å regne dem ut."""
    settings = Settings()
    with one_sentence():
        table = lemma_table(_library(), settings.spacy_model)
    head = "# Ord og grunnform, laget med «veivis train lemmas». Rettelser for hånd står i lemma-rettet.tsv."
    lines = [head, *(f"{word}\t{lemma}" for word, lemma in sorted(table.items()))]
    (settings.knowledge_dir / "ordlister" / "lemma.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    out.print(f"{len(table)} ord.")


@app.command("eval")
def evaluate(
    file: Annotated[Path, typer.Argument(help="Spørsmål med fasit, ett JSON-objekt på hver linje.")],
    json_out: Annotated[Path | None, typer.Option("--json", help="Skriv hvert svar til denne filen.")] = None,
    picture: Annotated[Path | None, typer.Option(help="Tegn feil mot andel besvart (.svg eller .png).")] = None,
) -> None:
    """Mål hvor mye som blir riktig på en spørsmålsfil, eller hvor mye fare som blir sett på en fil om fare."""
    with one_sentence():
        talks = read_talks(file)
        parts = _parts()
    items = [item for talk in talks for item in talk]
    logging.disable(logging.WARNING)  # a thousand doors shown are no news here
    with _progress("Spør") as advance:
        verdicts = []
        for number, verdict in enumerate(ask(parts, talks), start=1):
            verdicts.append(verdict)
            advance(number, len(items))
    result = report_of(verdicts)
    out.print(
        f"{result.questions} spørsmål: riktig {result.right:.3f}, blant tre {result.in_three:.3f}, p50 {result.p50_ms:.0f} ms, p95 {result.p95_ms:.0f} ms"
    )
    if result.facets[1]:
        out.print(f"  fasett: {result.facets[0]}/{result.facets[1]}")
    for key, group in result.groups.items():
        out.print(f"  {key}: " + "  ".join(f"{name} {right}/{of}" for name, (right, of) in group.items()))
    table = Table("ventet", "fikk", "antall", title="Det som oftest forveksles")
    for wanted, got, count in result.confusions:
        table.add_row(wanted, got, str(count))
    if result.confusions:
        out.print(table)
    if picture:
        _draw(parts, items, verdicts, picture)
    if json_out:
        rows = [
            {"text": v.item.text, **v.item.group, "status": v.status, "topics": v.topics, "right": v.right, "seconds": v.seconds}
            for v in verdicts
        ]
        json_out.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


def _draw(parts: Parts, items: Sequence[Item], verdicts: Sequence[Verdict], picture: Path) -> None:
    shown = [v for v in verdicts if v.item.expect in ("answer", Status.ABSTAIN)]
    answered = sum(v.status in (Status.ANSWER, Status.GUIDE) for v in shown) / max(1, len(shown))
    with one_sentence():
        try:
            draw(risk_coverage(sureness(parts, items)), answered, picture)
        except ImportError as error:
            raise ValueError("installer requirements-dev.lock for å tegne") from error


def _parts() -> Parts:
    """The service in this process, with its vectors."""
    application = create_app(Settings())
    _follow_up(application.state.background.library)
    parts: Parts = application.state.parts
    return parts


def _control() -> Control:
    database = Database(Settings().sqlalchemy_url)
    database.migrate()
    return Control(database)


def _library() -> Library:
    settings = Settings()
    return open_library(
        settings.knowledge_dir,
        settings.data_dir,
        elasticsearch_url=settings.elasticsearch_url,
        spacy_model=settings.spacy_model,
        today=datetime.now(UTC).date(),
    )


def _follow_up(library: Library, quiet: bool = False) -> None:
    with _progress("Lager vektorer") as advance:
        embedded = library.follow_up(advance)
    if embedded and not quiet:
        out.print(f"{embedded} nye vektorer.")


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int], bool]]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as progress:
        task = progress.add_task(title, total=None)

        def advance(done: int, total: int) -> bool:
            progress.update(task, completed=done, total=total)
            return True

        yield advance


app.add_typer(bench_commands.build(out, _progress), name="bench")


def _incoming(text: str, last: Message) -> Incoming:
    """A number chooses among the options shown."""
    options = last.draft.options
    if text.isdigit() and 0 < int(text) <= len(options):
        return Incoming(str(uuid.uuid4()), choice=options[int(text) - 1].choice)
    return Incoming(str(uuid.uuid4()), text=text)


def _show(message: Message) -> None:
    draft = message.draft
    for line in draft.helplines:
        state = {True: "åpent nå", False: "stengt nå", None: ""}[line.open_now]
        out.print(
            f"[bold]{line.name}[/bold] {line.phone or line.chat_url or ''} {line.hours or ''} {state}".rstrip(), highlight=False
        )
    out.print(Markdown(draft.text))
    for source in draft.sources:
        out.print(
            f"  [dim]{source.title}, {source.publisher}: {source.url} (kontrollert {source.checked})[/dim]", highlight=False
        )
    for number, option in enumerate(draft.options, start=1):
        out.print(f"  {number}. {option.label}", highlight=False)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _must_be_free(host: str, port: int) -> None:
    if not _is_free(host, port):
        _stop(f"Port {port} er i bruk. Velg en annen med PORT=… eller stopp det som bruker den.")


def _stop(sentence: str) -> None:
    err.print(sentence.splitlines()[0], soft_wrap=True, highlight=False, markup=False)
    sys.exit(1)
