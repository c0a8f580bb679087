"""In which language a message is written, by its words: bokmål, nynorsk or English. Sentence embeddings do not tell nynorsk from bokmål.

Dialect is neither standard; whoever writes «æ» or «itj» is answered as the conversation was opened.
"""

from collections.abc import Iterable

from indexer.analysis import words_of
from indexer.article import Language
from indexer.word_lists import WordLists


class LanguageRecogniser:
    """`cues` of the word lists: words that (nearly) only one of the languages has."""

    def __init__(self, word_lists: WordLists) -> None:
        self._cues = {
            Language.BOKMAL: word_lists.bokmal_cues,
            Language.NYNORSK: word_lists.nynorsk_cues,
            Language.ENGLISH: word_lists.english_cues,
        }
        self._dialect = word_lists.dialect_cues

    def language_of(self, text: str) -> Language | None:
        """None where the words do not tell: too few of them, dialect, or as much of one as of the other."""
        words = words_of(text)
        if any(word in self._dialect for word in words):
            return None
        found = {language: _count(words, cues) for language, cues in self._cues.items()}
        best, second, *_ = sorted(found, key=lambda language: -found[language])
        return best if found[best] > found[second] else None


def _count(words: Iterable[str], cues: frozenset[str]) -> int:
    return sum(word in cues for word in words)
