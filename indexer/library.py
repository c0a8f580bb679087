"""Puts the room together: knowledge, words, index, model and matcher, from folders and settings. The api and the commands use this.

Start-up never waits for embeddings: questions are understood at once by the models in `trained/`, and `follow_up` brings the vectors of the
articles in the background.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import joblib
import sklearn
from threadpoolctl import threadpool_limits

from indexer.adapter import ACT, ALONE, CONTEXT, DANGER, FACET, GOES_ON, TOPIC, Adapter, Head, held_back
from indexer.analysis import Analyzer, Lemmatizer, TableLemmatizer, words_of
from indexer.danger_likeness import HARMLESS, DangerExample, DangerNet, DangerWords, Likeness
from indexer.elasticsearch_index import ElasticsearchIndex
from indexer.embedding import QUERY, E5Embedder, Embedder, EmbeddingCache
from indexer.facets import FacetCues
from indexer.hearing import Hearing, HearingHeads
from indexer.knowledge_base import SAID_ON, ExampleQuestion, KnowledgeBase, TalkLine, load_knowledge
from indexer.language import LanguageRecogniser
from indexer.lesson import Lesson
from indexer.matching import OUTSIDE, Matcher, Matches, Question, TopicSignals, Understanding
from indexer.packed_model import PackedModel
from indexer.passages import passages_of
from indexer.question_model import QuestionModel, TrainingQuestion
from indexer.ranking import Means, Weights
from indexer.search_index import Passage, SearchIndex
from indexer.spacy_lemmatizer import SpacyLemmatizer, SpacyModelMissing, load_spacy
from indexer.sync import SyncPlan, SyncReport, apply_sync, embed_missing, embed_texts, plan_sync
from indexer.tantivy_index import TantivyIndex
from indexer.training import Examples, train
from indexer.training import Trained as TrainingResult
from indexer.word_lists import WordLists, load_word_lists
from indexer.yaml_file import read_yaml

_TRAINED = Path(__file__).parent / "trained"
_WEIGHTS, _ADAPTER = _TRAINED / "weights.json", _TRAINED / "adapter.npz"
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
_FOLLOW_UP = "followup_"
"""The intents of the bot that are understood by the conversation begin so."""
_ALONE_TAUGHT = 8
"""One question in so many is an example of what can be understood alone: with the lines of talks nearly twice as many as go on, for most
messages can."""
Model = TypeVar("Model")
_KEPT_MODELS = 2
"""For this version of the knowledge and the one before."""
_CODE = Path(__file__).parent
_TERM_CODE = ("analysis.py", "word_lists.py")


@dataclass(frozen=True, slots=True)
class Trained:
    """What `veivis train` left in `trained/`. Without an adapter, words decide alone."""

    weights: Weights
    adapter: Adapter | None

    @classmethod
    def read(cls) -> "Trained":
        return cls(Weights.read(_WEIGHTS) if _WEIGHTS.is_file() else Weights.untrained(), Adapter.read(_ADAPTER))

    def head(self, name: str) -> Head | None:
        return None if self.adapter is None else self.adapter.heads.get(name)

    @property
    def hearing_heads(self) -> HearingHeads | None:
        act, facet, context = self.head(ACT), self.head(FACET), self.head(CONTEXT)
        return None if act is None or facet is None or context is None else HearingHeads(act, facet, context)


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that search needs."""

    base: KnowledgeBase
    word_lists: WordLists
    analyzer: Analyzer
    index: SearchIndex
    embedder: Embedder
    cache: EmbeddingCache
    passages: tuple[Passage, ...]
    questions: tuple[ExampleQuestion, ...]
    danger_examples: tuple[DangerExample, ...]
    facets: FacetCues
    languages: LanguageRecogniser
    matcher: Matcher
    danger: DangerNet | None
    hearing_heads: HearingHeads | None
    spacy_note: str | None

    def match(self, question: Question) -> Matches:
        return self.matcher.match(question)

    def anticipate(self, text: str) -> None:
        """Begins to read a message that will be asked about in a moment."""
        self.matcher.anticipate(text)

    def likeness(self, text: str) -> Likeness | None:
        """How like the messages of people in danger it is; None where there are no examples to learn from."""
        if self.danger is None:
            return None
        return self.danger.likeness(text, self.matcher.vector(text))

    def hear(self, text: str) -> Hearing | None:
        """None where nothing was trained or nothing embeds."""
        vector = None if self.hearing_heads is None else self.matcher.vector(text)
        return None if self.hearing_heads is None or vector is None else self.hearing_heads.hear(vector)

    def sync(self) -> SyncReport:
        """Brings the index to what is published. Raises `SearchUnavailable`."""
        plan = plan_sync(self.index.stored(), self.passages)
        return apply_sync(self.index, plan, self.passages, self.analyzer, self.cache)

    def rebuild(self) -> SyncReport:
        """A whole new index beside the old one; readers see the old until it is done. Raises `SearchUnavailable`."""
        plan = SyncPlan(rebuild=True, changed=self.passages, removed=())
        return apply_sync(self.index, plan, self.passages, self.analyzer, self.cache)

    def follow_up(self, progress: Callable[[int, int], bool] = lambda done, total: True) -> int:
        """Embeds what is missing and gives the index its vectors. Returns how many passages were embedded."""
        return embed_missing(self.index, self.passages, self.embedder, self.cache, self.analyzer, progress)


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
    _expect_small_sums()
    base = load_knowledge(knowledge)
    word_lists = load_word_lists(knowledge / "ordlister")
    lemmatizer, note = _lemmatizer(spacy_model, word_lists)
    published = base.published(today)
    questions = (*base.questions, *outside_questions(knowledge))
    texts = [q.text for q in base.questions] + [f"{a.title} {a.short} " + " ".join(s.body for s in a.sections) for a in published]
    analyzer = Analyzer(word_lists, lemmatizer).with_vocabulary(texts)
    trained, danger = Trained.read(), danger_examples(knowledge, questions)
    models = _ModelStore(data / "models", knowledge, f"{spacy_model if note is None else ''}")
    embedder = embedder or E5Embedder(trained.adapter)
    index: SearchIndex = ElasticsearchIndex(elasticsearch_url) if elasticsearch_url else TantivyIndex(data / "index")
    model = models.question_model(questions, analyzer)
    understanding = Understanding(analyzer, model, trained.head(TOPIC), TopicSignals(base, analyzer, model.topics, questions))
    return Library(
        base=base,
        word_lists=word_lists,
        analyzer=analyzer,
        index=index,
        embedder=embedder,
        cache=EmbeddingCache(data / "vectors.db", embedder.name),
        passages=tuple(passages_of(published, questions, embedder.name)),
        questions=questions,
        danger_examples=danger,
        facets=FacetCues(word_lists),
        languages=LanguageRecogniser(word_lists),
        matcher=Matcher(index, embedder, understanding, trained.weights),
        danger=models.danger_net(danger, trained),
        hearing_heads=trained.hearing_heads,
        spacy_note=note,
    )


def _expect_small_sums() -> None:
    """The matrices here are small, and made by ourselves: more threads would only wait for each other, and burn half of a turn's processor time at
    it; to look for broken numbers in each would take a quarter of the time of the products."""
    threadpool_limits(1, user_api="blas")
    sklearn.set_config(assume_finite=True, skip_parameter_validation=True)


def outside_questions(knowledge: Path) -> list[ExampleQuestion]:
    """What people ask that is not ours: teaches when to abstain."""
    path = knowledge / "utenfor.yml"
    entries = read_yaml(path) or []
    return [
        ExampleQuestion(str(e["t"]), OUTSIDE, str(e.get("m", "forelder")), str(e.get("s", "nb")), "question") for e in entries
    ]


def danger_examples(knowledge: Path, questions: Iterable[ExampleQuestion]) -> tuple[DangerExample, ...]:
    """Danger, what only sounds like it (`fareeksempler.yml`), and all ordinary questions, ours or not. None where the file is missing."""
    entries = read_yaml(knowledge / "fareeksempler.yml") or []
    labelled = [DangerExample(str(e["t"]), str(e["fare"])) for e in entries]
    ordinary = [DangerExample(q.text, None) for q in questions if q.topic not in _NEAR_DANGER]
    return (*labelled, *ordinary) if labelled else ()


def facet_examples(knowledge: Path) -> list[tuple[str, str]]:
    """Messages with the part of a matter that each asks for; none where the file is missing."""
    return [(str(e["t"]), str(e["f"])) for e in read_yaml(knowledge / "fasetteksempler.yml") or []]


def talk_lines(knowledge: Path) -> list[TalkLine]:
    """What is said in the middle of conversations, and what begins them; none where the file is missing."""
    entries = read_yaml(knowledge / "samtaleeksempler.yml") or []
    return [TalkLine(str(e["t"]), e.get("fra"), e.get("til"), e["s"] == SAID_ON) for e in entries]


def train_meaning(
    library: Library,
    acts: Sequence[tuple[str, str]],
    facets: Sequence[tuple[str, str]],
    talks: Sequence[TalkLine],
    report: Callable[[int, int, float], None],
    go_on: bool = False,
) -> None:
    """Teaches the bundled model this library's examples, and messages with their `acts`, `facets` and place in a conversation (`talks`), and writes `trained/adapter.npz`. About an hour on two cores.
    `report` is told how many of how many steps are done, and how far off the model is. `go_on`: from what was learned before, which new examples
    only add to; otherwise from the beginning. Raises ImportError without the packages of `requirements-train.lock`."""
    from indexer.tuning import tune

    known = Trained.read().adapter if go_on else None
    tune(lessons(library, acts, facets, talks), PackedModel.bundled(), report, known).write(_ADAPTER)


def lessons(
    library: Library, acts: Sequence[tuple[str, str]], facets: Iterable[tuple[str, str]], talks: Iterable[TalkLine]
) -> list[Lesson]:
    """What the model learns from: questions with their topics, messages with their danger, act, facet or place in a conversation, and the
    articles' own words."""
    taught = []
    for question in library.questions:
        ordinary = {} if question.topic in _NEAR_DANGER else {DANGER: HARMLESS}
        taught.append(Lesson(QUERY + question.text, {TOPIC: question.topic, **ordinary}, question.text))
    taught += [Lesson(QUERY + e.text, {DANGER: e.kind}, e.text) for e in library.danger_examples if e.kind is not None]
    taught += [Lesson(QUERY + text, {ACT: act}, text) for text, act in acts]
    taught += [Lesson(QUERY + text, {FACET: facet}, text) for text, facet in facets]
    taught += [Lesson(QUERY + talk.text, _labels_of(talk), talk.text) for talk in talks]
    taught += [Lesson(QUERY + text, {CONTEXT: GOES_ON}, text) for text, act in acts if act.startswith(_FOLLOW_UP)]
    taught += [Lesson(QUERY + q.text, {CONTEXT: ALONE}, q.text) for q in library.questions[::_ALONE_TAUGHT]]
    taught += [Lesson(p.embedded, {TOPIC: p.topic}, p.id) for p in library.passages if p.embedded]
    return [lesson for lesson in taught if not held_back(lesson.key)]


def _labels_of(talk: TalkLine) -> dict[str, str]:
    """A line that can be understood alone is an example of its topic too."""
    if talk.goes_on:
        return {CONTEXT: GOES_ON}
    return {CONTEXT: ALONE} if talk.topic is None else {CONTEXT: ALONE, TOPIC: talk.topic}


def train_matcher(
    library: Library, talks: Sequence[TalkLine], progress: Callable[[int, int], bool] = lambda done, total: True
) -> TrainingResult:
    """How everything is weighed together, learned from the examples that the model has not seen and written to `trained/`."""
    danger = [e for e in library.danger_examples if held_back(e.text)]
    said = [talk for talk in talks if held_back(talk.text)]
    asked = [q for q in library.questions if held_back(q.text)]
    texts = dict.fromkeys([*(q.text for q in asked), *(e.text for e in danger), *(talk.text for talk in said)])
    embed_texts([QUERY + text for text in texts], library.embedder, library.cache, progress)
    found = library.cache.get(QUERY + text for text in texts)
    vectors = {text.removeprefix(QUERY): vector for text, vector in found.items()}
    trained = Trained.read()
    heads = trained.head(TOPIC), trained.head(DANGER), trained.head(CONTEXT)
    examples = Examples(library.questions, library.danger_examples, said)
    result = train(library.base, examples, vectors, heads, library.index, library.analyzer)
    result.weights.write(_WEIGHTS)
    return result


def lemma_table(library: Library, spacy_model: str) -> dict[str, str]:
    """The dictionary form of every word the knowledge uses, where it differs from the word. Raises `SpacyModelMissing`."""
    texts = [text for p in library.passages for text in (p.title, p.text)]
    texts += [text for phrase, terms in library.word_lists.phrases.items() for text in (phrase, *terms)]
    forms = {library.word_lists.variants.get(word, word) for text in texts for word in words_of(text) if not word.isdigit()}
    return SpacyLemmatizer(load_spacy(spacy_model)).lemmas(sorted(forms))


class _ModelStore:
    """Models learned where the service runs, kept in the data folder: learned again only when what they are learned from has changed."""

    def __init__(self, folder: Path, knowledge: Path, spacy_model: str) -> None:
        self._folder = folder
        self._words = _digest_of(
            [*sorted((knowledge / "ordlister").iterdir()), *(_CODE / name for name in _TERM_CODE)], [spacy_model]
        )

    def question_model(self, questions: Sequence[ExampleQuestion], analyzer: Analyzer) -> QuestionModel:
        texts = [f"{q.text}\x1f{q.topic}" for q in questions]

        def learn() -> QuestionModel:
            return QuestionModel([TrainingQuestion(q.text, analyzer.terms(q.text), q.topic) for q in questions])

        return self._kept(
            "questions", _digest_of([_CODE / "question_model.py", _CODE / "text_features.py"], [self._words, *texts]), learn
        )

    def danger_net(self, examples: Sequence[DangerExample], trained: Trained) -> DangerNet | None:
        """None where the knowledge has no examples of danger: then the rules are alone."""
        if not examples:
            return None
        texts = [f"{e.text}\x1f{e.kind}" for e in examples]
        words = self._kept(
            "danger", _digest_of([_CODE / "danger_likeness.py", _CODE / "text_features.py"], texts), lambda: DangerWords(examples)
        )
        head = trained.head(DANGER)
        means = Means.WORDS if head is None else Means.MEANING
        return DangerNet(words, head, trained.weights.danger[means])

    def _kept(self, name: str, digest: str, learn: Callable[[], Model]) -> Model:
        kept = self._folder / f"{name}-{digest[:16]}.joblib"
        if kept.is_file():
            model: Model = joblib.load(kept)
            return model
        model = learn()
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
        joblib.dump(model, unfinished)
        unfinished.replace(kept)
        others = sorted(self._folder.glob(f"{name}-*.joblib"), key=lambda p: p.stat().st_mtime, reverse=True)
        for old in others[_KEPT_MODELS:]:
            old.unlink(missing_ok=True)
        return model


def _digest_of(files: Iterable[Path], lines: Iterable[str]) -> str:
    state = hashlib.sha256()
    for file in files:
        state.update(file.read_bytes())
    for line in lines:
        state.update(line.encode() + b"\x1e")
    return state.hexdigest()


def _lemmatizer(spacy_model: str, word_lists: WordLists) -> tuple[Lemmatizer, str | None]:
    table = TableLemmatizer(word_lists.lemmas)
    if not spacy_model:
        return table, None
    try:
        return SpacyLemmatizer(load_spacy(spacy_model)), None
    except SpacyModelMissing:
        return table, f"spaCy-modellen «{spacy_model}» finnes ikke her: grunnformer og navn tas fra ordlister."
