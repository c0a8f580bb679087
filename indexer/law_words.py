"""Words of law and administration that a reader may not know, each with its explanation in plain Norwegian (`ordlister/lovord.yml`). Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ENDINGS = r"(?:e|a|et|en|er|ar|te|es|s|r|t|ens|ets|ene|ane|enes|anes)?"


@dataclass(frozen=True, slots=True)
class LawWord:
    word: str
    explanation: str


class LawWords:
    def __init__(self, explanations: Mapping[str, str]) -> None:
        self._known = [(LawWord(word, explained), _forms(word)) for word, explained in explanations.items()]

    def all(self) -> tuple[LawWord, ...]:
        return tuple(word for word, _ in self._known)

    def used_in(self, text: str) -> tuple[LawWord, ...]:
        """In the order of their first use. A word within a longer phrase that is explained («innvilget» in «delvis innvilget») is left out there."""
        places = [(found.start(), found.end(), word) for word, forms in self._known if (found := forms.search(text))]
        whole = [
            (start, word)
            for start, end, word in places
            if not any(s <= start and end <= e and e - s > end - start for s, e, _ in places)
        ]
        return tuple(word for _, word in sorted(whole, key=lambda place: place[0]))


def _forms(phrase: str) -> re.Pattern[str]:
    words = (re.escape(word.removesuffix("e") if len(word) > 4 else word) + _ENDINGS for word in phrase.split())
    return re.compile(rf"\b{' '.join(words)}\b", re.IGNORECASE)
