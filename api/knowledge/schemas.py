"""The knowledge as JSON (http.md)."""

from pydantic import BaseModel

from api.chat.schemas import HelplineOut, SourceOut


class PassageOut(BaseModel):
    facet: str
    text: str
    sources: list[SourceOut]


class MatchOut(BaseModel):
    topic: str
    title: str
    confidence: float
    passages: list[PassageOut]


class SearchOut(BaseModel):
    matches: list[MatchOut]
    degraded: bool = False


class TopicOut(BaseModel):
    id: str
    title: str
    sector: str
    audiences: list[str]
    languages: list[str]


class TopicsOut(BaseModel):
    topics: list[TopicOut]


class SectionOut(BaseModel):
    facet: str
    heading: str
    text: str
    sources: list[SourceOut]


class CardOut(BaseModel):
    """The rights card: who decides, who handles a complaint, where to apply."""

    decided_by: str | None
    complaint_to: str | None
    apply_url: str | None
    checked: str | None


class ArticleOut(BaseModel):
    topic: str
    title: str
    audience: str
    language: str
    short: str
    sections: list[SectionOut]
    sources: list[SourceOut]
    see_also: list[str]
    card: CardOut
    next_check: str


class HelplinesOut(BaseModel):
    helplines: list[HelplineOut]


class KommuneOut(BaseModel):
    number: str
    name: str
    other_names: list[str]
    fylke: str


class KommunerOut(BaseModel):
    kommuner: list[KommuneOut]
