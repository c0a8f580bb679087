"""The fixed texts of `knowledge/svartekster.yml`: one for each key, language and audience. Editors word them; code only names them."""

from collections.abc import Mapping
from typing import Any

from indexer.article import Audience, Language

REQUIRED_KEYS = (
    "hilsen", "hei", "takk", "ha-det", "hvem-er-du", "ja-uten-sak", "nei", "omstart", "kommune-notert", "kommune-ukjent",
    "alder-notert", "spor-tilbake", "situasjon", "heller", "ingen-av-disse", "vet-ikke", "mangler-artikkel", "mangler-del",
    "engelsk-ramme", "avgjores-av", "snakk-med-person", "overlevering-kjent", "overlevering-ukjent", "overlevering-uten-kommune",
    "overlevering-ung", "slatt-av", "tom", "feil", "ikke-lagret", "krise-selvmord", "krise-overgrep", "krise-vold", "krise-medisinsk",
    "krise-barn-i-fare", "krise-trussel", "krise-videre", "fasett-hva", "fasett-hvem", "fasett-soke", "fasett-frist",
    "fasett-belop", "fasett-klage", "fasett-kontakt", "fasett-lov",
)  # fmt: skip
"""Every text that the code asks for; a test holds that each has nb, nn and en for every audience."""


class ReplyTexts:
    def __init__(self, entries: Mapping[str, Any]) -> None:
        """Raises ValueError naming the first text that is missing."""
        self._entries = entries
        for key in REQUIRED_KEYS:
            for language in Language:
                for audience in Audience:
                    self._find(key, language, audience)

    def get(self, key: str, language: Language, audience: Audience, **values: str) -> str:
        """The text with `{name}` filled in from `values`."""
        text = self._find(key, language, audience)
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text

    def _find(self, key: str, language: Language, audience: Audience) -> str:
        try:
            entry = self._entries[key][language]
            return str(entry if isinstance(entry, str) else entry[audience])
        except (KeyError, TypeError):
            raise ValueError(f"svartekster.yml: «{key}» lacks a text in {language} for {audience}") from None
