"""An article's Markdown as safe HTML with the design system's classes. Raw HTML in a text is shown as text, never passed on.

A footnote becomes a numbered link to the list of sources; one that names no known source disappears.
"""

import re
from collections.abc import Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup

from indexer.article import without_footnotes

_FOOTNOTE = re.compile(r"\[\^([a-z0-9-]+)\]")
_MARKUP = re.compile(r"\*\*|\[([^\]]+)\]\([^)]*\)")
_LIST_MARK = re.compile(r"^\s*(?:[-*]|\d+\.)\s+", re.MULTILINE)
_CLASSES = {
    "paragraph_open": "ds-paragraph",
    "bullet_list_open": "ds-list",
    "ordered_list_open": "ds-list",
    "link_open": "ds-link",
}


class ArticleMarkdown:
    """`numbers` gives each source id its number; `word` is what a screen reader says before it («kilde»)."""

    def __init__(self, numbers: Mapping[str, int], word: str) -> None:
        self._numbers, self._word = numbers, word
        self._parser = MarkdownIt("commonmark", {"html": False})
        self._parser.inline.ruler.before("link", "footnote", _footnote)

    def html(self, text: str) -> Markup:
        tokens = self._parser.parse(text)
        for token in _all(tokens):
            if token.type in _CLASSES:
                token.attrJoin("class", _CLASSES[token.type])
            if token.type == "link_open" and str(token.attrGet("href") or "").startswith("http"):
                token.attrSet("rel", "noopener")
            if token.type == "footnote":
                token.type, token.content = "html_inline", self._footnote_link(token.content)
        return Markup(self._parser.renderer.render(tokens, self._parser.options, {}))  # noqa: S704 - html is off: the parser escapes what people wrote

    def _footnote_link(self, source_id: str) -> str:
        number = self._numbers.get(source_id)
        if number is None:
            return ""
        return f'<sup class="footnote"><a class="ds-link" href="#kilde-{number}" aria-label="{self._word} {number}">[{number}]</a></sup>'


def plain(text: str) -> str:
    """The words alone, on one line."""
    words = _MARKUP.sub(lambda found: found[1] or "", _LIST_MARK.sub("", without_footnotes(text)))
    return " ".join(words.split())


def _footnote(state: StateInline, silent: bool) -> bool:
    found = _FOOTNOTE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("footnote", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _all(tokens: Sequence[Token]) -> list[Token]:
    return [t for token in tokens for t in (token, *(token.children or ()))]
