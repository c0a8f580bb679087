"""Says a text a little differently, as people do in a hurry: a letter wrong, a word left out, no capitals, no «æ», «ø» or «å». For training only.

Keeps what is asked: never the last sentence of several is dropped, and no word is put in.
"""

import re

import numpy as np

_LETTERS = "abcdefghijklmnoprstuvyæøå"
_SENTENCE_ENDS = re.compile(r"(?<=[.!?]) +")
_MARKS = re.compile(r'[.,!?«»"]')
_WITHOUT_OUR_LETTERS = (str.maketrans("æøå", "eoa"), str.maketrans({"æ": "ae", "ø": "oe", "å": "aa"}))
_LEFT_ALONE = 0.3
_DROPS_A_SENTENCE, _DROPS_WORDS, _MISSPELLS = 0.35, 0.5, 0.35
_DROPPED_WORDS, _MISSPELT_WORDS = 0.1, 0.15
_MANY_SENTENCES, _MANY_WORDS, _LONG_WORD = 3, 5, 4
_PLAIN, _OTHER_LETTERS = 0.2, 0.13
"""Shares of the texts, and of the words of a text, that are changed in each way."""


def augmented(text: str, chance: np.random.Generator) -> str:
    """`text` itself three times in ten."""
    if chance.random() < _LEFT_ALONE:
        return text
    sentences = _SENTENCE_ENDS.split(text)
    if len(sentences) >= _MANY_SENTENCES and chance.random() < _DROPS_A_SENTENCE:
        sentences.pop(int(chance.integers(len(sentences) - 1)))
    words = " ".join(sentences).split()
    if len(words) >= _MANY_WORDS and chance.random() < _DROPS_WORDS:
        words = [word for word in words if chance.random() > _DROPPED_WORDS] or words
    if chance.random() < _MISSPELLS:
        words = [_misspelt(word, chance) if chance.random() < _MISSPELT_WORDS else word for word in words]
    said, how = " ".join(words), chance.random()
    if how < _PLAIN:
        return _MARKS.sub("", said.lower())
    if how < _PLAIN + _OTHER_LETTERS:
        return said.lower().translate(_WITHOUT_OUR_LETTERS[int(chance.integers(len(_WITHOUT_OUR_LETTERS)))])
    return said


def _misspelt(word: str, chance: np.random.Generator) -> str:
    """Two letters swapped, one dropped, one doubled or one mistaken."""
    if len(word) < _LONG_WORD:
        return word
    at = int(chance.integers(len(word) - 1))
    here, there, rest = word[at], word[at + 1], word[at + 2 :]
    other = _LETTERS[int(chance.integers(len(_LETTERS)))]
    ways = (f"{there}{here}{rest}", f"{there}{rest}", f"{here}{here}{there}{rest}", f"{here}{other}{rest}")
    return word[:at] + ways[int(chance.integers(len(ways)))]
