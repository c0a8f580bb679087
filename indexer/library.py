"""Puts the room together: knowledge, words, index, model and matcher, from folders and settings. The api and the commands use this.

Start-up never waits for embeddings: `open_library` answers by words at once, and `follow_up` brings the vectors in the background.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import joblib

from indexer.analysis import Analyzer, Lemmatizer, TableLemmatizer, words_of
from indexer.danger_likeness import DangerExample, DangerLikeness
from indexer.elasticsearch_index import ElasticsearchIndex
from indexer.embedding import QUERY, E5Embedder, Embedder, EmbeddingCache
from indexer.facets import FacetCues
from indexer.knowledge_base import ExampleQuestion, KnowledgeBase, load_knowledge
from indexer.language import LanguageRecogniser
from indexer.matching import OUTSIDE, Matcher, Matches, Question, TopicSignals
from indexer.passages import passages_of
from indexer.question_model import QuestionModel, TrainingQuestion
from indexer.ranking import Weights
from indexer.search_index import Passage, SearchIndex, SearchUnavailable
from indexer.spacy_lemmatizer import SpacyLemmatizer, SpacyModelMissing, load_spacy
from indexer.sync import SyncPlan, SyncReport, apply_sync, embed_missing, embed_texts, plan_sync
from indexer.tantivy_index import TantivyIndex
from indexer.training import TrainingReport, train_weights
from indexer.word_lists import WordLists, load_word_lists
from indexer.yaml_file import read_yaml

log = logging.getLogger("veivis.library")
WEIGHTS = Path(__file__).parent / "ranking_weights.json"
_NEAR_DANGER = frozenset(
    {
        "selvskading-og-selvmordstanker",
        "vold-og-overgrep-ung",
        "krisesenter-og-vold",
        "bekymringsmelding",
        "psykisk-helse-ung",
        "spiseforstyrrelser",
        "rus-ung",
        "snakke-med-noen",
        "barnevern",
        "opplysningsplikt-barnevern",
    }
)
"""Questions about these are often asked by someone in danger: they teach nothing about what is harmless."""
Model = TypeVar("Model")
_KEPT_MODELS = 4


@dataclass(slots=True)
class Library:
    """Everything that search needs. `matcher` is replaced, whole, when vectors have come."""

    base: KnowledgeBase
    word_lists: WordLists
    analyzer: Analyzer
    index: SearchIndex
    embedder: Embedder
    cache: EmbeddingCache
    passages: tuple[Passage, ...]
    questions: tuple[ExampleQuestion, ...]
    facets: FacetCues
    languages: LanguageRecogniser
    weights: Weights
    danger_texts: tuple[tuple[str, str], ...]
    matcher: Matcher
    danger: DangerLikeness | None
    models: Path
    spacy_note: str | None

    def match(self, question: Question) -> Matches:
        """By the newest matcher: whoever holds the library need not know when vectors have come."""
        return self.matcher.match(question)

    def danger_in(self, text: str) -> str | None:
        """The kind of danger that the message is like; None where it is like none, or where there are no examples."""
        danger = self.danger
        if danger is None:
            return None
        vector = self.matcher.vector(text) if danger.semantic else None
        likeness = danger.likeness(text, vector)
        above = self.weights.danger_above if danger.semantic else self.weights.lexical_danger_above
        return likeness.kind if likeness.score > above else None

    def sync(self) -> SyncReport:
        """Brings the index to what is published. Raises `SearchUnavailable`."""
        return sync(self)

    def rebuild(self) -> SyncReport:
        """A whole new index beside the old one; readers see the old until it is done. Raises `SearchUnavailable`."""
        plan = SyncPlan(rebuild=True, changed=self.passages, removed=())
        return apply_sync(self.index, plan, self.passages, self.analyzer, self.cache)

    def follow_up(self, progress: Callable[[int, int], bool] = lambda done, total: True) -> int:
        """Embeds what is missing, gives the index its vectors, and lets the matcher use meaning. Returns how many were embedded."""
        embedded = embed_missing(self.index, self.passages, self.embedder, self.cache, self.analyzer, progress)
        embedded += embed_texts([QUERY + text for text, _ in self.danger_texts], self.embedder, self.cache, progress)
        self.matcher = build_matcher(self, semantic=True)
        self.danger = build_danger(self, semantic=True)
        return embedded


def open_library(
    knowledge: Path,
    data: Path,
    *,
    elasticsearch_url: str = "",
    spacy_model: str = "",
    today: date,
    embedder: Embedder | None = None,
) -> Library:
    """Reads the knowledge and opens the index; neither syncs nor embeds. Raises `KnowledgeUnreadable`."""
    base = load_knowledge(knowledge)
    word_lists = load_word_lists(knowledge / "ordlister")
    lemmatizer, note = _lemmatizer(spacy_model, word_lists)
    published = base.published(today)
    questions = (*base.questions, *outside_questions(knowledge))
    texts = [q.text for q in base.questions] + [f"{a.title} {a.short} " + " ".join(s.body for s in a.sections) for a in published]
    analyzer = Analyzer(word_lists, lemmatizer).with_vocabulary(texts)
    index: SearchIndex = ElasticsearchIndex(elasticsearch_url) if elasticsearch_url else TantivyIndex(data / "index")
    library = Library(
        base=base,
        word_lists=word_lists,
        analyzer=analyzer,
        index=index,
        embedder=embedder or E5Embedder(),
        cache=EmbeddingCache(data / "vectors.db"),
        passages=tuple(passages_of(published, questions)),
        questions=questions,
        facets=FacetCues(word_lists),
        languages=LanguageRecogniser(word_lists),
        weights=Weights.read(WEIGHTS) if WEIGHTS.is_file() else Weights.untrained(),
        danger_texts=danger_texts(knowledge),
        matcher=None,  # type: ignore[arg-type]  # set below, from the rest
        danger=None,
        models=data / "models",
        spacy_note=note,
    )
    semantic = _all_embedded(library)
    library.matcher = build_matcher(library, semantic=semantic)
    library.danger = build_danger(library, semantic=semantic)
    return library


def outside_questions(knowledge: Path) -> list[ExampleQuestion]:
    """What people ask that is not ours: teaches when to abstain."""
    path = knowledge / "utenfor.yml"
    entries = read_yaml(path) or []
    return [
        ExampleQuestion(str(e["t"]), OUTSIDE, str(e.get("m", "forelder")), str(e.get("s", "nb")), "question") for e in entries
    ]


def danger_texts(knowledge: Path) -> tuple[tuple[str, str], ...]:
    """(message, kind of danger or «ingen») of `fareeksempler.yml`."""
    return tuple((str(e["t"]), str(e["fare"])) for e in read_yaml(knowledge / "fareeksempler.yml") or [])


def sync(library: Library) -> SyncReport:
    plan = plan_sync(library.index.stored(), library.passages)
    return apply_sync(library.index, plan, library.passages, library.analyzer, library.cache)


def build_matcher(library: Library, *, semantic: bool) -> Matcher:
    """`semantic`: every example has its vector in the cache. Without, the matcher works by words alone."""
    model = _question_model(library, semantic=semantic)
    signals = TopicSignals(library.base, library.analyzer, model.topics, library.questions)
    embedder = library.embedder if semantic else None
    return Matcher(library.index, embedder, library.analyzer, model, library.weights, signals)


def build_danger(library: Library, *, semantic: bool) -> DangerLikeness | None:
    """None where the knowledge has no examples of danger: then the rules are alone."""
    if not library.danger_texts:
        return None
    examples = danger_examples(library, semantic=semantic)
    lines = (f"{e.text}\x1f{e.kind}\x1f{e.vector is not None}" for e in examples)
    return _kept(library, "danger", "danger_likeness.py", lines, lambda: DangerLikeness(examples))


def danger_examples(library: Library, *, semantic: bool) -> list[DangerExample]:
    """Danger, what only sounds like it, and all ordinary questions, ours or not."""
    ordinary = ((q.text, None) for q in library.questions if q.topic not in _NEAR_DANGER)
    kinds: list[tuple[str, str | None]] = [*library.danger_texts, *ordinary]
    vectors = library.cache.get(QUERY + text for text, _ in kinds) if semantic else {}
    return [DangerExample(text, kind, vectors.get(QUERY + text)) for text, kind in kinds]


def train_matcher(library: Library) -> tuple[Weights, TrainingReport]:
    """Weights learned from this library's questions. Everything must be embedded (`follow_up`)."""
    found = library.cache.get(QUERY + q.text for q in library.questions)
    vectors = {text.removeprefix(QUERY): vector for text, vector in found.items()}
    danger = danger_examples(library, semantic=True)
    return train_weights(library.base, library.questions, vectors, library.index, library.analyzer, danger)


def lemma_table(library: Library, spacy_model: str) -> dict[str, str]:
    """The dictionary form of every word the knowledge uses, where it differs from the word. Raises `SpacyModelMissing`."""
    texts = [text for p in library.passages for text in (p.title, p.text)]
    texts += [text for phrase, terms in library.word_lists.phrases.items() for text in (phrase, *terms)]
    forms = {library.word_lists.variants.get(word, word) for text in texts for word in words_of(text) if not word.isdigit()}
    return SpacyLemmatizer(load_spacy(spacy_model)).lemmas(sorted(forms))


def training_examples(library: Library, *, semantic: bool) -> list[TrainingQuestion]:
    vectors = library.cache.get(QUERY + q.text for q in library.questions) if semantic else {}
    return [
        TrainingQuestion(q.text, library.analyzer.terms(q.text), vectors.get(QUERY + q.text), q.topic) for q in library.questions
    ]


def _question_model(library: Library, *, semantic: bool) -> QuestionModel:
    examples = training_examples(library, semantic=semantic)
    lines = ("\x1f".join((e.text, e.topic, *e.terms, str(e.vector is not None))) for e in examples)
    return _kept(library, "questions", "question_model.py", lines, lambda: QuestionModel(examples))


def _kept(library: Library, name: str, code: str, lines: Iterable[str], train: Callable[[], Model]) -> Model:
    """Trained once for each set of examples and each version of the code, and kept in the data folder."""
    state = hashlib.sha256((Path(__file__).parent / code).read_bytes())
    for line in lines:
        state.update(line.encode())
    kept = library.models / f"{name}-{state.hexdigest()[:16]}.joblib"
    if kept.is_file():
        model: Model = joblib.load(kept)
        return model
    model = train()
    library.models.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{threading.get_ident()}")
    joblib.dump(model, unfinished)
    unfinished.replace(kept)
    _forget_old_models(library.models, name)
    return model


def _forget_old_models(folder: Path, name: str) -> None:
    """The newest stay: with vectors and without, for this version and the one before."""
    kept = sorted(folder.glob(f"{name}-*.joblib"), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in kept[_KEPT_MODELS:]:
        old.unlink(missing_ok=True)


def _all_embedded(library: Library) -> bool:
    try:
        stored = library.index.stored()
    except SearchUnavailable:
        stored = {}
    wanted = [QUERY + text for text in (*(q.text for q in library.questions), *(t for t, _ in library.danger_texts))]
    return bool(stored) and all(s.has_vector for s in stored.values()) and len(library.cache.get(wanted)) == len(set(wanted))


def _lemmatizer(spacy_model: str, word_lists: WordLists) -> tuple[Lemmatizer, str | None]:
    table = TableLemmatizer(word_lists.lemmas)
    if not spacy_model:
        return table, None
    try:
        return SpacyLemmatizer(load_spacy(spacy_model)), None
    except SpacyModelMissing:
        return table, f"spaCy-modellen «{spacy_model}» finnes ikke her: grunnformer og navn tas fra ordlister."
