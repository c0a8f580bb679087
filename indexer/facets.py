"""Which section of an article a question asks for, by the cue words of `ordlister/fasetter.yml`. Pure."""

import re

from indexer.analysis import normalise
from indexer.article import Facet
from indexer.word_lists import WordLists


class FacetCues:
    """The cues in the order of the file: where several fit, the first wins."""

    def __init__(self, word_lists: WordLists) -> None:
        self._cues = [(Facet(facet), re.compile("|".join(patterns))) for facet, patterns in word_lists.facet_cues.items()]

    def facet_of(self, text: str) -> Facet | None:
        """None when the text asks for nothing narrower than the topic itself."""
        plain = normalise(text)
        return next((facet for facet, cue in self._cues if cue.search(plain)), None)
