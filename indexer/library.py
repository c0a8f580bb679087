"""Puts the room together: knowledge, words, index, model and matcher, from folders and settings. The api and the commands use this.

Start-up never waits for embeddings: `open_library` answers by words at once, and `follow_up` brings the vectors in the background.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import joblib

from indexer.analysis import Analyzer, Lemmatizer, TableLemmatizer, words_of
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
from indexer.sync import SyncPlan, SyncReport, apply_sync, embed_missing, plan_sync
from indexer.tantivy_index import TantivyIndex
from indexer.training import TrainingReport, train_weights
from indexer.word_lists import WordLists, load_word_lists
from indexer.yaml_file import read_yaml

log = logging.getLogger("veivis.library")
WEIGHTS = Path(__file__).parent / "ranking_weights.json"


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
    matcher: Matcher
    models: Path
    spacy_note: str | None

    def match(self, question: Question) -> Matches:
        """By the newest matcher: whoever holds the library need not know when vectors have come."""
        return self.matcher.match(question)

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
        self.matcher = build_matcher(self, semantic=True)
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
        matcher=None,  # type: ignore[arg-type]  # set in the next line, from the rest
        models=data / "models",
        spacy_note=note,
    )
    library.matcher = build_matcher(library, semantic=_all_embedded(library))
    return library


def outside_questions(knowledge: Path) -> list[ExampleQuestion]:
    """What people ask that is not ours: teaches when to abstain."""
    path = knowledge / "utenfor.yml"
    entries = read_yaml(path) or []
    return [
        ExampleQuestion(str(e["t"]), OUTSIDE, str(e.get("m", "forelder")), str(e.get("s", "nb")), "question") for e in entries
    ]


def sync(library: Library) -> SyncReport:
    plan = plan_sync(library.index.stored(), library.passages)
    return apply_sync(library.index, plan, library.passages, library.analyzer, library.cache)


def build_matcher(library: Library, *, semantic: bool) -> Matcher:
    """`semantic`: every example has its vector in the cache. Without, the matcher works by words alone."""
    model = _question_model(library, semantic=semantic)
    signals = TopicSignals(library.base, library.analyzer, model.topics, library.questions)
    embedder = library.embedder if semantic else None
    return Matcher(library.index, embedder, library.analyzer, model, library.weights, signals)


def train_matcher(library: Library) -> tuple[Weights, TrainingReport]:
    """Weights learned from this library's questions. Everything must be embedded (`follow_up`)."""
    found = library.cache.get(QUERY + q.text for q in library.questions)
    vectors = {text.removeprefix(QUERY): vector for text, vector in found.items()}
    return train_weights(library.base, library.questions, vectors, library.index, library.analyzer)


def lemma_table(library: Library, spacy_model: str) -> dict[str, str]:
    """The dictionary form of every word the knowledge uses, where it differs from the word. Raises `SpacyModelMissing`."""
    texts = (text for p in library.passages for text in (p.title, p.text))
    forms = {library.word_lists.variants.get(word, word) for text in texts for word in words_of(text) if not word.isdigit()}
    return SpacyLemmatizer(load_spacy(spacy_model)).lemmas(sorted(forms))


def training_examples(library: Library, *, semantic: bool) -> list[TrainingQuestion]:
    vectors = library.cache.get(QUERY + q.text for q in library.questions) if semantic else {}
    return [
        TrainingQuestion(q.text, library.analyzer.terms(q.text), vectors.get(QUERY + q.text), q.topic) for q in library.questions
    ]


def _question_model(library: Library, *, semantic: bool) -> QuestionModel:
    """Trained once for each set of examples and kept in the data folder."""
    examples = training_examples(library, semantic=semantic)
    kept = library.models / f"questions-{_digest(examples)}.joblib"
    if kept.is_file():
        model: QuestionModel = joblib.load(kept)
        return model
    model = QuestionModel(examples)
    library.models.mkdir(parents=True, exist_ok=True)
    unfinished = kept.with_suffix(f".{threading.get_ident()}")
    joblib.dump(model, unfinished)
    unfinished.replace(kept)
    return model


def _digest(examples: Sequence[TrainingQuestion]) -> str:
    code = (Path(__file__).parent / "question_model.py").read_bytes()
    state = hashlib.sha256(code)
    for example in examples:
        line = "\x1f".join((example.text, example.topic, *example.terms, str(example.vector is not None)))
        state.update(line.encode())
    return state.hexdigest()[:16]


def _all_embedded(library: Library) -> bool:
    try:
        stored = library.index.stored()
    except SearchUnavailable:
        stored = {}
    wanted = [QUERY + q.text for q in library.questions]
    return bool(stored) and all(s.has_vector for s in stored.values()) and len(library.cache.get(wanted)) == len(set(wanted))


def _lemmatizer(spacy_model: str, word_lists: WordLists) -> tuple[Lemmatizer, str | None]:
    table = TableLemmatizer(word_lists.lemmas)
    if not spacy_model:
        return table, None
    try:
        return SpacyLemmatizer(load_spacy(spacy_model)), None
    except SpacyModelMissing:
        return table, f"spaCy-modellen «{spacy_model}» finnes ikke her: grunnformer og navn tas fra ordlister."
