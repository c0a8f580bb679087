"""Norwegian words: what a text is searched by. The engines store and match only the terms that this module says.

Guarantees that the same text gives the same terms for every engine, with or without spaCy for every word in `ordlister/lemma.tsv`.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Protocol

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from indexer.word_lists import WordLists

_TOKEN = re.compile(r"[^\W_]+", re.UNICODE)
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")
_NORWEGIAN_LETTERS = {"aa": "å", "ae": "æ", "oe": "ø"}
_NO_NORWEGIAN_LETTERS = re.compile("aa|ae|oe")
"""«faar», «naerhet», «soeknad»: written on a keyboard without our letters."""
_MIN_PART = 4
_OFTEN = 5
"""A short word seen less often may be a slip."""
_MAX_PHRASE_WORDS = 5
_SPELLING_FROM = 5
"""Words shorter than this have too many neighbours one letter away."""


class Lemmatizer(Protocol):
    """PORT: the dictionary form of one lower-case word. Adapters: `spacy_lemmatizer.SpacyLemmatizer`, `TableLemmatizer`."""

    def lemma(self, word: str) -> str: ...


class TableLemmatizer:
    """Looks the form up in a list and leaves unknown words as they are: what is used where spaCy has no model."""

    def __init__(self, lemmas: Mapping[str, str]) -> None:
        self._lemmas = lemmas

    def lemma(self, word: str) -> str:
        return self._lemmas.get(word, word)


def normalise(text: str) -> str:
    """Lower case, one way to write each letter, no invisible characters."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()


def words_of(text: str) -> list[str]:
    return _TOKEN.findall(normalise(text))


class Analyzer:
    """Turns text into terms: bokmål form, lemma, compound parts and the terms that lay phrases mean.

    >>> analyzer.terms("Hjelpestønadssatsen")
    ('hjelpestønadssats', 'hjelpestønad', 'sats')
    """

    def __init__(
        self,
        word_lists: WordLists,
        lemmatizer: Lemmatizer,
        vocabulary: Mapping[str, int] | None = None,
        short_words: frozenset[str] = frozenset(),
    ) -> None:
        """`vocabulary` is what compounds are split into and misspellings mended to; `short_words` are too short for that, but known («nav», «bup»)."""
        self._lists = word_lists
        self._short_words = short_words
        self._lemmatizer = lemmatizer
        self._vocabulary = dict(vocabulary or {})
        self._lemma = lru_cache(maxsize=50_000)(self._uncached_lemma)
        self._parts = lru_cache(maxsize=50_000)(self._uncached_parts)
        self._respelled = lru_cache(maxsize=10_000)(self._uncached_respelling)
        self._phrases = self._with_lemmas(word_lists.phrases)
        self._choices = [w for w in self._vocabulary if len(w) >= _SPELLING_FROM]

    def with_vocabulary(self, texts: Iterable[str]) -> "Analyzer":
        """An analyzer that knows the words of `texts`: what compounds are split into and misspellings mended to."""
        counts = Counter(self._lemma(self._bokmal(w)) for text in texts for w in words_of(text))
        known = {w: n for w, n in counts.items() if len(w) >= _MIN_PART and not w.isdigit()}
        short = frozenset(w for w, n in counts.items() if 1 < len(w) < _MIN_PART and n >= _OFTEN and not w.isdigit())
        return Analyzer(self._lists, self._lemmatizer, known, short)

    def terms(self, text: str) -> tuple[str, ...]:
        """The terms to index `text` by, in its order, with repetitions."""
        return tuple(self._terms(words_of(text)))

    def query_terms(self, text: str) -> tuple[str, ...]:
        """The terms to search `text` by: as `terms`, with words that nobody in the domain writes mended by their spelling."""
        return tuple(dict.fromkeys(self._terms([self._respelled(w) for w in words_of(text)])))

    def knows(self, term: str) -> bool:
        return term in self._vocabulary or term in self._short_words

    def _terms(self, words: list[str]) -> Iterator[str]:
        forms = [self._bokmal(w) for w in words]
        for form in forms:
            if form in self._lists.stop_words:
                continue
            lemma = self._lemma(form)
            if lemma in self._lists.stop_words:
                continue
            yield lemma
            yield from self._parts(lemma)
        yield from self._meant(words, forms)

    def _meant(self, words: list[str], forms: list[str]) -> Iterator[str]:
        """Terms that lay phrases, synonyms and abbreviations in the text stand for."""
        for written in {tuple(words): None, tuple(forms): None, tuple(self._lemma(f) for f in forms): None}:
            for start in range(len(written)):
                for length in range(1, _MAX_PHRASE_WORDS + 1):
                    phrase = " ".join(written[start : start + length])
                    for term in self._phrases.get(phrase, ()):
                        yield from (self._lemma(w) for w in words_of(term) if w not in self._lists.stop_words)
                    if start + length >= len(written):
                        break

    def _with_lemmas(self, phrases: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
        """Each phrase as it is written and by its dictionary forms, so that «følgekortet» and «følgekort» mean the same."""
        both = dict(phrases)
        for phrase, meant in phrases.items():
            both.setdefault(" ".join(self._lemma(word) for word in phrase.split()), meant)
        return both

    def _bokmal(self, word: str) -> str:
        return self._lists.variants.get(word, word)

    def _uncached_lemma(self, word: str) -> str:
        if word.isdigit():
            return word
        # The table holds every form in the knowledge that is not its own dictionary form: a known word outside it is one, and need not be asked about.
        return self._lists.lemmas.get(word) or (word if word in self._vocabulary else self._lemmatizer.lemma(word))

    def _uncached_parts(self, word: str) -> tuple[str, ...]:
        """The two known parts of a compound, the longest first part that leaves a known second; joined bare, by -s- or by -e-."""
        for cut in range(len(word) - _MIN_PART, _MIN_PART - 1, -1):
            first = word[:cut]
            heads = (first, first.removesuffix("s"), first.removesuffix("e"))
            head = next((h for h in heads if len(h) >= _MIN_PART and h in self._vocabulary), None)
            if head is not None and (rest := self._known(word[cut:])) is not None:
                return (head, rest)
        return ()

    def _known(self, word: str) -> str | None:
        """The word of the domain that this is a form of. By the table alone: most pieces of a word are no words to ask a language model about."""
        if word in self._vocabulary:
            return word
        lemma = self._lists.lemmas.get(word)
        return lemma if lemma in self._vocabulary else None

    def _familiar(self, form: str) -> bool:
        return bool(
            form in self._lists.stop_words
            or form in self._short_words
            or self._known(form)
            or form in self._lists.phrases
            or self._parts(self._lemma(form))
        )

    def _uncached_respelling(self, word: str) -> str:
        form = self._bokmal(word)
        if form.isdigit() or self._familiar(form):
            return word
        norwegian = _NO_NORWEGIAN_LETTERS.sub(lambda found: _NORWEGIAN_LETTERS[found.group()], form)
        if norwegian != form and self._familiar(norwegian):
            return norwegian
        if len(form) < _SPELLING_FROM or not self._choices:
            return word
        most = 1 if len(form) < 8 else 2
        near = process.extractOne(form, self._choices, scorer=DamerauLevenshtein.distance, score_cutoff=most)
        return near[0] if near else word
