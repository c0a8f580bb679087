"""The pages' own Norwegian words: headings of sectors, labels of the facts card, example questions."""

from collections.abc import Mapping
from datetime import date

from indexer.article import Audience, Language

SECTOR_NAMES: Mapping[str, str] = {
    "koordinering": "Koordinering og helhet",
    "okonomi": "Økonomi",
    "helse": "Helse og omsorg",
    "utdanning": "Barnehage, skole og utdanning",
    "arbeid": "Arbeid",
    "bolig": "Bolig",
    "fritid": "Fritid og transport",
    "familie": "Familie og barnevern",
    "rettssikkerhet": "Klage, innsyn og rettigheter",
    "ung": "For deg som er ung",
    "tjenesteyter": "For deg som jobber med barn og unge",
}
AUDIENCE_NAMES: Mapping[Audience, str] = {
    Audience.PARENT: "Forelder",
    Audience.YOUTH: "Ung",
    Audience.PROFESSIONAL: "Fagperson",
}
LANGUAGE_NAMES: Mapping[Language, str] = {
    Language.BOKMAL: "bokmål",
    Language.NYNORSK: "nynorsk",
    Language.ENGLISH: "English",
}
_BOKMAL_LABELS: Mapping[str, str] = {
    "kort-svar": "Kort svar",
    "fakta": "Kort om",
    "avgjores-av": "Hvem avgjør",
    "sok": "Hvor du søker",
    "sok-her": "Gå til søknaden",
    "klage-til": "Klageinstans",
    "innhold": "Innhold på siden",
    "kilder": "Kilder",
    "kilde": "Kilde",
    "kontrollert": "Kontrollert",
    "ord": "Ord i teksten",
    "se-ogsa": "Se også",
    "versjoner": "Andre utgaver",
    "for-forelder": "For foreldre",
    "for-ung": "For unge",
    "for-fagperson": "For fagpersoner",
}
_NYNORSK_LABELS: Mapping[str, str] = {
    **_BOKMAL_LABELS,
    "avgjores-av": "Kven avgjer",
    "sok": "Kvar du søkjer",
    "sok-her": "Gå til søknaden",
    "klage-til": "Klageinstans",
    "innhold": "Innhald på sida",
    "kilder": "Kjelder",
    "kilde": "Kjelde",
    "se-ogsa": "Sjå også",
    "versjoner": "Andre utgåver",
    "for-fagperson": "For fagpersonar",
}
ARTICLE_LABELS: Mapping[Language, Mapping[str, str]] = {
    Language.BOKMAL: _BOKMAL_LABELS,
    Language.NYNORSK: _NYNORSK_LABELS,
    Language.ENGLISH: _BOKMAL_LABELS,
}
EXAMPLES: Mapping[Audience, tuple[str, ...]] = {
    Audience.PARENT: (
        "Hva gjør en barnekoordinator?",
        "Kan vi få avlastning?",
        "Hvordan søker vi om hjelpestønad?",
        "Barnet venter på utredning. Har vi rett til hjelp nå?",
    ),
    Audience.YOUTH: (
        "Kan jeg gå til helsesykepleier uten at foreldrene får vite det?",
        "Hva skjer hvis jeg snakker med barnevernet?",
        "Får jeg se hva som står i journalen min?",
        "Hvordan får jeg time på BUP?",
    ),
    Audience.PROFESSIONAL: (
        "Når har kommunen plikt til å tilby barnekoordinator?",
        "Hvem har ansvar for individuell plan?",
        "Når kan jeg dele opplysninger med skolen?",
        "Når har jeg plikt til å melde fra til barnevernet?",
    ),
}
_MONTHS = ["januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"]


def day(value: date) -> str:
    """«24. november 2026»."""
    return f"{value.day}. {_MONTHS[value.month - 1]} {value.year}"
