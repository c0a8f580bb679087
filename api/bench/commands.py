"""`veivis bench …`: how good and how fast, each measured against something. Prints figures; never part of a test run with a clock."""

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from api.app import create_app
from api.bench import load, peer
from api.evaluation import Item, read_items
from api.settings import Settings, Switch
from indexer.elasticsearch_index import ElasticsearchIndex
from indexer.embedding import E5Embedder, EmbeddingCache
from indexer.library import Library, open_library
from indexer.matching import OUTSIDE, Question
from indexer.reading_set import ndcg_at_10, read_reading_set, search_all, search_plainly, write_run
from indexer.search_index import SearchIndex
from indexer.tantivy_index import TantivyIndex

if TYPE_CHECKING:
    from api.bench import attack

Progress = Callable[[str], AbstractContextManager[Callable[[int, int], bool]]]


class Engine(StrEnum):
    TANTIVY = "tantivy"
    ELASTICSEARCH = "elasticsearch"


def build(out: Console, progress: Progress) -> typer.Typer:
    """The group of commands, printing to `out` and showing progress with `progress`."""
    app = typer.Typer(no_args_is_help=True, help="Målinger: hvor godt, hvor raskt, sammenlignet med hva.")

    @app.command()
    def retrieval(
        folder: Annotated[Path, typer.Argument(help="Mappe i BEIR-format: corpus.jsonl, queries.jsonl, qrels/.")],
        run: Annotated[Path, typer.Option(help="Hit skrives treffene i TREC-format.")],
        engine: Annotated[Engine, typer.Option(help="Søkemotoren.")] = Engine.TANTIVY,
    ) -> None:
        """Søk i et leseforståelsessett med samme analyse, vektorer og sammenslåing som produktet."""
        settings = Settings()
        reading = read_reading_set(folder)
        library = _library(settings)
        analyzer = library.analyzer.with_vocabulary(p.text for p in reading.passages)
        with _scratch_index(engine, settings) as index, progress("Lager vektorer") as advance:
            # The model as it was published: what ours was taught is about our topics, and says nothing of other texts.
            embedder = E5Embedder()
            cache = EmbeddingCache(settings.data_dir / "vectors.db", embedder.name)
            found = search_all(reading, index, analyzer, embedder, cache, advance)
        write_run(found.both, run)
        out.print(f"{len(reading.passages)} avsnitt, {len(found.both)} spørsmål, {engine}")
        if not reading.judgements:
            return
        with _scratch_index(engine, settings) as index:
            plain = search_plainly(reading, index)
        table = Table("Søkt med", "nDCG@10")
        for how, ranked in (
            ("ordene som de står (BM25)", plain),
            ("norske ord", found.words),
            ("mening", found.meaning),
            ("norske ord og mening", found.both),
        ):
            table.add_row(how, f"{ndcg_at_10(ranked, reading.judgements):.4f}")
        out.print(table)

    @app.command()
    def parity(file: Annotated[Path, typer.Argument(help="Spørsmål, ett JSON-objekt på hver linje.")]) -> None:
        """De samme spørsmålene til Tantivy og Elasticsearch: hvor ofte er det første temaet et annet?"""
        settings = Settings()
        if not settings.elasticsearch_url:
            raise ValueError("sett VEIVIS_ELASTICSEARCH_URL til en Elasticsearch")
        items = read_items(file)
        answers = []
        for url in ("", settings.elasticsearch_url):
            library = _library(settings.model_copy(update={"elasticsearch_url": url}))
            library.sync()
            with progress("Lager vektorer") as advance:
                library.follow_up(advance)
            answers.append([_first(library, item) for item in items])
        differing = [i.text for i, a, b in zip(items, *answers, strict=True) if a != b]
        out.print(
            f"{len(items)} spørsmål: første tema er et annet for {len(differing)} ({len(differing) / max(1, len(items)):.3%})"
        )
        for text in differing:
            out.print(f"  {text}", highlight=False)

    @app.command("peer")
    def against_a_peer(
        file: Annotated[Path, typer.Argument(help="Spørsmål med fasit som ingen av dem har sett.")],
    ) -> None:
        """En vanlig Rasa (DIET, én hensikt per tema) på de samme eksempelspørsmålene, mot Veivis."""
        items = [item for item in read_items(file) if item.expect == "answer"]
        library = _library(Settings())
        library.sync()
        with progress("Lager vektorer") as advance:
            library.follow_up(advance)
        ours = [library.match(_question(item)).topics for item in items]
        with tempfile.TemporaryDirectory(prefix="veivis-peer-") as name:
            folder = Path(name)
            peer.write_project(folder, library.questions)
            out.print("Trener en vanlig Rasa (tar noen minutter) …")
            took = peer.train(Path.cwd(), folder)
            with peer.running(Path.cwd(), folder) as url:
                theirs = peer.ranked_topics(url, [item.text for item in items])
        table = Table("", "riktig først", "blant tre", title=f"{len(items)} spørsmål, {len(library.questions)} eksempler")
        for label, ranked in (("Veivis", ours), (f"Rasa DIET (trent på {took:.0f} s)", theirs)):
            kept = [tuple(t for t in topics if t != OUTSIDE) for topics in ranked]
            first = sum(bool(set(topics[:1]) & item.accepted) for topics, item in zip(kept, items, strict=True))
            three = sum(bool(set(topics[:3]) & item.accepted) for topics, item in zip(kept, items, strict=True))
            table.add_row(label, f"{first / len(items):.3f}", f"{three / len(items):.3f}")
        out.print(table)

    @app.command("attack")
    def random_requests(
        requests: Annotated[int, typer.Option("--requests", help="Hvor mange forespørsler.", min=1)] = 10_000,
        seed: Annotated[int, typer.Option(help="Samme tall gir de samme forespørslene.")] = 1,
    ) -> None:
        """Tilfeldige og ødelagte forespørsler til en tjeneste i denne prosessen, med en database for seg selv. Avslutter med 1 ved feil."""
        settings = Settings()
        with tempfile.TemporaryDirectory(prefix="veivis-attack-") as folder, progress("Angriper") as advance:
            result = _attack(settings, Path(folder), requests, seed, advance)
        statuses = ", ".join(f"{status}: {count}" for status, count in result.statuses.items())
        out.print(
            f"{result.requests} forespørsler på {result.seconds:.0f} s ({statuses}). Ikke besvart eller 5xx: {result.failed}"
        )
        for failure in result.failures:
            out.print(f"  {failure.target}: {failure.status} {failure.error} {failure.request}", highlight=False, markup=False)
        if result.failed:
            raise typer.Exit(1)

    @app.command()
    def turns(
        file: Annotated[Path, typer.Argument(help="Spørsmål, ett JSON-objekt på hver linje.")],
        url: Annotated[str, typer.Option(help="Et Veivis som kjører på denne maskinen.")] = "http://127.0.0.1:8000",
        per_second: Annotated[float, typer.Option(help="Meldinger i sekundet.", min=0.1, max=500)] = 30,
        seconds: Annotated[float, typer.Option(help="Hvor lenge.", min=1, max=600)] = 60,
    ) -> None:
        """En jevn strøm av meldinger: hvor lenge venter folk på svar?"""
        texts = [item.text for item in read_items(file)]
        with progress("Sender") as advance:
            result = load.run_load(url, texts, per_second, seconds, advance)
        out.print(
            f"{result.messages} meldinger, {result.per_second:.1f}/s, {result.errors} feil: "
            f"p50 {result.p50_ms:.0f} ms, p95 {result.p95_ms:.0f} ms, p99 {result.p99_ms:.0f} ms"
        )

    return app


def _attack(
    settings: Settings, folder: Path, wanted: int, seed: int, progress: Callable[[int, int], bool]
) -> "attack.AttackReport":
    """Against the real index and a database of its own. Raises ValueError where the tools of development are not installed."""
    try:
        from api.bench import attack  # schemathesis and hypothesis are not part of the service
    except ImportError as error:
        raise ValueError(f"et angrep trenger testverktøyene («make lint» henter dem): {error.name} mangler") from error
    own = {"database_url": f"sqlite+pysqlite:///{folder / 'attack.db'}", "bot_url": "", "rate_limit": Switch.OFF}
    app = create_app(settings.model_copy(update=own), library=_library(settings))
    logging.disable(logging.ERROR)
    try:
        return attack.run_attack(app, wanted, seed, progress)
    finally:
        logging.disable(logging.NOTSET)
        app.state.parts.database.close()


def _library(settings: Settings) -> Library:
    return open_library(
        settings.knowledge_dir,
        settings.data_dir,
        elasticsearch_url=settings.elasticsearch_url,
        spacy_model=settings.spacy_model,
        today=datetime.now(UTC).date(),
    )


def _question(item: Item) -> Question:
    return Question(item.text, item.audience, item.language)


def _first(library: Library, item: Item) -> str:
    return next(iter(library.match(_question(item)).topics), "")


@contextmanager
def _scratch_index(engine: Engine, settings: Settings) -> Iterator[SearchIndex]:
    """An index of its own that is gone afterwards: readers of the real one notice nothing."""
    if engine is Engine.ELASTICSEARCH:
        if not settings.elasticsearch_url:
            raise ValueError("sett VEIVIS_ELASTICSEARCH_URL til en Elasticsearch")
        remote = ElasticsearchIndex(settings.elasticsearch_url, alias="veivis-bench")
        try:
            yield remote
        finally:
            remote.drop()
            remote.close()
        return
    folder = Path(tempfile.mkdtemp(prefix="veivis-bench-"))
    try:
        yield TantivyIndex(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
