"""One turn, top to bottom: a message comes in, its replies go out, and both are kept in one commit.

Order is the guarantee here: danger is looked for first and on the raw text; nothing is stored, logged or sent on before it is masked;
an answer goes out only with a source. Bot, search or database being down makes a reply degraded, never absent.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from api.chat.answer import NONE_OF_THESE, PERSON, TOPIC, Answers
from api.chat.conversation import Conversation, Draft, Incoming, Memory, Message, Option, Outcome, Pending, Sender, Status
from api.chat.crisis import CrisisRules, Danger
from api.chat.dialogue import Decision, Dialogue, Directive, reconsidered
from api.chat.helplines import crisis_helplines, shown, youth_helplines
from api.chat.kommune_finder import KommuneFinder
from api.chat.masking import Masker
from api.chat.reply_texts import ReplyTexts
from api.chat.utterance import age_in, ordinal_in, questions_in, refers_back, without_correction
from api.storage.conversations import Conversations
from indexer.article import Audience, Facet, Language
from indexer.danger_likeness import Likeness
from indexer.facets import FacetCues
from indexer.hearing import Hearing
from indexer.knowledge_base import Helpline, Kommune
from indexer.language import LanguageRecogniser
from indexer.matching import FEW_WORDS, Matches, Question, TopicMatcher, Verdict

log = logging.getLogger("veivis.turn")
Read = TypeVar("Read")

_SMALLTALK = {
    Directive.GREET: "hei",
    Directive.THANK: "takk",
    Directive.GOODBYE: "ha-det",
    Directive.IDENTITY: "hvem-er-du",
    Directive.AFFIRM: "ja-uten-sak",
    Directive.DENY: "nei",
}
_ENDS_A_CRISIS = frozenset({Directive.THANK, Directive.GOODBYE, Directive.HANDOFF, Directive.RESTART})
_PLAINLY_HARMLESS = frozenset(
    {Directive.GREET, Directive.THANK, Directive.IDENTITY, Directive.HANDOFF, Directive.KOMMUNE, Directive.AGE, Directive.RESTART}
)
"""What the second net need not look at. A farewell is not among them: «takk for alt, ha det» may be one for good."""
_NO_QUESTIONS = frozenset({Directive.AFFIRM, Directive.DENY, Directive.THANK, Directive.GOODBYE, Directive.AGE})
"""What nobody says with a question mark: then it is a question."""
_CRISIS_TOPICS = ("snakke-med-noen",)
_OPTIONS_ASKED_BACK = 4
_RANKED_TOPICS = 5
_LOOKED_FOR_IN = 5
"""Whoever was asked to choose among topics means one of them, also when others fit the words a little better."""
_LIKELY = 0.5
"""From here on a message is taken to need what was said before, or, where nothing was, to be too vague: the even odds."""
_PLAIN = 0.5
"""How likely a facet must be to be believed before cue words. Chosen on `tests/evaluation/dialogues.jsonl`."""
_LONG_ENOUGH_TO_DOUBT = 9
"""Words. «ingen ville savna meg» is like nothing ordinary, and too short for the second net to know; what rules mistake are long stories."""
_ALTERNATIVES, _WORTH_OFFERING = 2, 0.1


class ChoiceUnknown(Exception):
    """The choice is none that we have offered."""


@dataclass(frozen=True, slots=True)
class TurnParts:
    """What a turn works with; built once in `app.py`."""

    crisis: CrisisRules
    anticipate: Callable[[str], None]
    """Begins to read the message while rules, masking and the bot do their part: half of a turn is waiting for its meaning."""
    likeness: Callable[[str], Likeness | None]
    """The second net: how like the messages of people in danger a message is, for what no rule knows."""
    hear: Callable[[str], Hearing | None]
    """The second hearing: what a message does, and which part of a matter it asks for, by what it means."""
    masker: Masker
    dialogue: Dialogue
    matcher: TopicMatcher
    answers: Callable[[], Answers]
    facets: FacetCues
    languages: LanguageRecogniser
    texts: ReplyTexts
    starting_points: Mapping[str, Sequence[str]]
    """For each audience, the topics to offer whoever does not know where to begin."""
    helplines: Sequence[Helpline]
    kommuner: KommuneFinder
    conversations: Conversations
    chat_off_reason: Callable[[], str | None]
    now: Callable[[], datetime]


class Turns:
    def __init__(self, parts: TurnParts) -> None:
        self.parts = parts

    def take_turn(self, conversation: Conversation, incoming: Incoming) -> list[Message]:
        """The person's message as kept, then the replies. The same client id again gives the same turn.

        Raises `ChoiceUnknown`; raises `DatabaseUnavailable` only when there is no crisis to answer.
        """
        if incoming.client_id and (kept := self.parts.conversations.turn_of(conversation.id, incoming.client_id)):
            return kept
        asked, outcome = self._take(conversation, incoming)
        drafts = (asked, *outcome.replies)
        return self.parts.conversations.append_turn(conversation, incoming.client_id, drafts, outcome.memory, outcome.kommune)

    def take_unsaved_turn(self, conversation: Conversation, incoming: Incoming) -> list[Draft]:
        """A turn while the database is away: nothing is remembered, and the reply says so."""
        asked, outcome = self._take(conversation, incoming)
        replies = [replace(draft, degraded=True) for draft in outcome.replies]
        if not any(draft.status is Status.CRISIS for draft in replies):
            note = self.parts.texts.get("ikke-lagret", conversation.language, conversation.audience)
            replies[0] = replace(replies[0], text=f"{replies[0].text}\n\n{note}")
        return [asked, *replies]

    def greeting(self, audience: Audience, language: Language) -> Draft:
        """The first message of a conversation: says that this is a machine."""
        if self.parts.chat_off_reason() is not None:
            return self._turned_off(audience, language)
        return Draft(Sender.BOT, self.parts.texts.get("hilsen", language, audience), language, Status.SMALLTALK)

    def _turned_off(self, audience: Audience, language: Language) -> Draft:
        doors = [h for h in self.parts.helplines if "samtale" in h.dangers and audience in h.audiences]
        shown_doors = tuple(shown(h, language, self.parts.now()) for h in doors)
        return Draft(
            Sender.BOT, self.parts.texts.get("slatt-av", language, audience), language, Status.ERROR, helplines=shown_doors
        )

    def masked(self, text: str) -> str:
        """What of a free text may be kept."""
        return self.parts.masker.mask(text).text

    def is_cry_for_help(self, text: str) -> bool:
        """By the rules alone, in a few milliseconds."""
        return self.parts.crisis.check(text) is not None

    def doors_for(self, text: str, audience: Audience) -> list[Helpline]:
        """The doors for a text that is not a message (a search): none where it is no cry for help."""
        danger = self._danger_by_rule(text)
        return crisis_helplines(self.parts.helplines, danger, audience) if danger else []

    def _take(self, conversation: Conversation, incoming: Incoming) -> tuple[Draft, Outcome]:
        if incoming.choice is not None:
            return self._take_choice(conversation, incoming.choice)
        text = (incoming.text or "").strip()
        self.parts.anticipate(text)
        conversation = self._addressed(conversation, text)
        danger = self._danger_by_rule(text)
        masked = self.parts.masker.mask(text).text
        asked = Draft(Sender.USER, masked, conversation.language)
        if danger is not None:
            return asked, self._in_crisis(conversation, danger)
        if self.parts.chat_off_reason() is not None:
            off = self._turned_off(conversation.audience, conversation.language)
            return asked, Outcome((off,), conversation.memory, conversation.kommune)
        if not any(c.isalnum() for c in masked):
            return asked, self._say(conversation, Status.CLARIFY, "tom")
        for part in dict.fromkeys((masked, *questions_in(masked))):
            self.parts.anticipate(part)
        return asked, self._take_text(conversation, masked)

    def _danger_by_rule(self, text: str) -> Danger | None:
        """What the rules say. One that is not certain of itself is held back where a longer message is like every ordinary question."""
        alarm = self.parts.crisis.check(text)
        if alarm is None:
            return None
        doubtful = not alarm.certain and len(text.split()) >= _LONG_ENOUGH_TO_DOUBT
        if doubtful and (like := self._likeness(text)) is not None and like.ordinary:
            log.info("alarm held back", extra={"rule": alarm.rule})
            return None
        return alarm.danger

    def _likeness(self, text: str) -> Likeness | None:
        """None when the second net fails: the rules then decide alone."""
        return _or_none(self.parts.likeness, text, "second net")

    def _hearing(self, text: str) -> Hearing | None:
        """None when the second hearing fails: bot and cue words then decide alone."""
        return _or_none(self.parts.hear, text, "second hearing")

    def _facet_of(self, text: str) -> Facet | None:
        """The part of a matter that the words ask for: by what they mean where that is plain, or else by cue words."""
        hearing = self._hearing(text)
        if hearing is not None and hearing.facet.probability >= _PLAIN:
            return Facet(hearing.facet.label)
        return self.parts.facets.facet_of(text)

    def _facet_asked(self, text: str, decision: Decision) -> Facet:
        """Whoever corrects us («nei, jeg mente ung ufør») asks the same of another topic, unless a cue word says otherwise."""
        if decision.directive is Directive.ANSWER and decision.facet is not None:
            return self.parts.facets.facet_of(text) or decision.facet
        return self._facet_of(text) or decision.facet or Facet.WHAT

    def _addressed(self, conversation: Conversation, text: str) -> Conversation:
        """In the language the person writes; where this message does not tell, as before in this conversation."""
        written = self.parts.languages.language_of(text) or conversation.memory.language
        if written is None:
            return conversation
        return replace(conversation, language=written, memory=replace(conversation.memory, language=written))

    def _take_text(self, conversation: Conversation, text: str) -> Outcome:
        conversation = self._told(conversation, text)
        if (outcome := self._kommune_for_handoff(conversation, text)) is not None:
            return outcome
        # The bot first: it works in its own process while the message is still being read here.
        of_the_bot = self.parts.dialogue.decide(conversation.id, text)
        hearing = self._hearing(text)
        decision = reconsidered(of_the_bot, hearing.act if hearing else None)
        # The net is left out only where the bot and the second hearing both find nothing but a greeting, a wish for a person and the like.
        harmless = {of_the_bot.directive, decision.directive} <= _PLAINLY_HARMLESS
        if not harmless and (like := self._likeness(text)) is not None and like.alarming:
            return self._in_crisis(conversation, Danger(like.kind))
        if (meant := without_correction(text)) is not None:
            # The same is asked of another topic: the one that was misunderstood must not pull it back.
            text = meant
            decision = replace(decision, directive=Directive.ANSWER, facet=conversation.memory.facet)
            conversation = replace(conversation, memory=replace(conversation.memory, topic=None))
        if (danger := self._danger_goes_on(conversation, text, decision)) is not None:
            return self._in_crisis(conversation, danger)
        if (chosen := self._counted_to(conversation, text)) is not None:
            return self._answer_from(conversation, chosen, self._facet_of_choice(conversation, text), Matches.of(chosen))
        if decision.directive in _NO_QUESTIONS and "?" in text:
            decision = replace(decision, directive=Directive.ANSWER)
        outcome = self._follow(conversation, text, decision)
        log.info("turn", extra={"directive": decision.directive, "status": outcome.replies[0].status})
        if decision.degraded:
            outcome = replace(outcome, replies=tuple(replace(r, degraded=True) for r in outcome.replies))
        return outcome

    def _told(self, conversation: Conversation, text: str) -> Conversation:
        """Remembers the kommune and the age that a message tells in passing."""
        kommune = self.parts.kommuner.in_text(text)
        age = age_in(text) or conversation.memory.age
        number = kommune.number if kommune else conversation.kommune
        return replace(conversation, kommune=number, memory=replace(conversation.memory, age=age))

    def _follow(self, conversation: Conversation, text: str, decision: Decision) -> Outcome:
        """What each directive leads to."""
        match decision.directive:
            case Directive.HANDOFF:
                return self._hand_off(conversation, self.parts.kommuner.in_text(text))
            case Directive.KOMMUNE:
                return self._note_kommune(conversation, text)
            case Directive.AGE if conversation.memory.topic:
                return self._noted(conversation, Facet.WHO, self._text(conversation, "husket"))
            case Directive.AGE:
                return self._say(conversation, Status.SMALLTALK, "alder-notert")
            case Directive.RESTART:
                kept = Memory(language=conversation.memory.language)
                return replace(self._say(conversation, Status.SMALLTALK, "omstart"), memory=kept)
            case Directive.FOLLOW_UP if conversation.memory.topic:
                return self._follow_up(conversation, text, decision)
            case Directive.ANSWER | Directive.FOLLOW_UP | Directive.GUIDE | Directive.OUT_OF_SCOPE:
                return self._answer(conversation, text, decision)
            case smalltalk:
                return self._say(conversation, Status.SMALLTALK, _SMALLTALK[smalltalk])

    def _answer(self, conversation: Conversation, text: str, decision: Decision) -> Outcome:
        if (outcome := self._answer_each(conversation, text)) is not None:
            return outcome
        matches = self._match(conversation, text, conversation.memory.topic)
        facet = self._facet_asked(text, decision)
        if (chosen := self._chosen_by_words(conversation, matches)) is not None:
            return self._answer_from(conversation, chosen, self._facet_of_choice(conversation, text), matches)
        says_what = len(text.split()) > FEW_WORDS or matches.named
        if decision.directive is Directive.GUIDE and (matches.verdict is not Verdict.ANSWER or not says_what):
            return self._offer_starting_points(conversation, facet, matches)
        if self._is_too_vague(conversation, text, decision, matches):
            return self._ask_what(conversation, facet, matches)
        if matches.verdict is Verdict.ABSTAIN or (decision.directive is Directive.OUT_OF_SCOPE and not matches.certain):
            goes_on = self._goes_on(conversation, text, decision)
            return self._follow_up(conversation, text, decision) if goes_on else self._abstain(conversation, matches)
        if matches.verdict is Verdict.ASK_BACK:
            if conversation.memory.topic in matches.topics[:_LOOKED_FOR_IN] and self._goes_on(conversation, text, decision):
                return self._follow_up(conversation, text, decision)
            return self._ask_back(conversation, facet, matches)
        return self._answer_from(conversation, matches.topics[0], facet, matches)

    def _goes_on(self, conversation: Conversation, text: str, decision: Decision) -> bool:
        """What can only be understood by what was said is about what we talk about, also when the bot does not see it."""
        talks = conversation.memory.topic is not None and decision.directive is not Directive.OUT_OF_SCOPE
        return talks and self._needs_what_was_said(text) >= _LIKELY

    def _is_too_vague(self, conversation: Conversation, text: str, decision: Decision, matches: Matches) -> bool:
        """Said first of all, what cannot be understood by itself («kan jeg bytte?») is asked about, however likely one topic looks. Once: whoever was
        answered or asked before has a facet in mind, also through a correction."""
        memory = conversation.memory
        if memory.topic is not None or memory.facet is not None or decision.directive is Directive.OUT_OF_SCOPE or matches.named:
            return False
        if matches.verdict is Verdict.ABSTAIN and not _likely(matches):
            return False
        hearing = self._hearing(text)
        return hearing is not None and hearing.goes_on >= _LIKELY

    def _needs_what_was_said(self, text: str) -> float:
        """How likely it is that the message cannot be understood alone; by its words where its meaning is not to be had."""
        hearing = self._hearing(text)
        return float(refers_back(text)) if hearing is None else hearing.goes_on

    def _answer_each(self, conversation: Conversation, text: str) -> Outcome | None:
        """Two or three questions in one message, each answered, where each is clear by itself and about a topic of its own."""
        questions = questions_in(text)
        if len(questions) < 2:
            return None
        found = []
        for question in questions:
            matches = self._match(conversation, question, None)
            if not (matches.verdict is Verdict.ANSWER and matches.certain and matches.topics[0] in self.parts.answers().topics):
                return None
            found.append((question, matches))
        if len({matches.topics[0] for _, matches in found}) < 2:
            return None
        outcomes = []
        for question, matches in found:
            facet = self._facet_of(question) or Facet.WHAT
            outcomes.append(self._answer_from(conversation, matches.topics[0], facet, matches))
        return replace(outcomes[-1], replies=tuple(reply for outcome in outcomes for reply in outcome.replies))

    def _match(self, conversation: Conversation, text: str, current_topic: str | None) -> Matches:
        goes_on = 0.0 if current_topic is None else self._needs_what_was_said(text)
        return self.parts.matcher.match(Question(text, conversation.audience, conversation.language, current_topic, goes_on))

    def _follow_up(self, conversation: Conversation, text: str, decision: Decision) -> Outcome:
        """A question about the topic we already talk about, unless the words clearly name another, or can be understood alone and mean another."""
        topic = conversation.memory.topic
        assert topic is not None
        matches = self._match(conversation, text, topic)
        another = matches.verdict is Verdict.ANSWER and matches.topics[0] != topic
        if another and (matches.named or self._needs_what_was_said(text) < _LIKELY):
            return self._answer(conversation, text, decision)
        facet = self._facet_asked(text, decision)
        ranked = replace(matches, topics=tuple(dict.fromkeys((topic, *matches.topics))))
        return self._answer_from(conversation, topic, facet, ranked)

    def _answer_from(self, conversation: Conversation, topic: str, facet: Facet, matches: Matches) -> Outcome:
        answers = self.parts.answers()
        draft = answers.compose(
            topic, facet, conversation.audience, conversation.language, continued=topic == conversation.memory.topic
        )
        if draft is None:
            return self._without_article(conversation, topic, matches)
        topics = tuple(dict.fromkeys((topic, *matches.topics)))[:_RANKED_TOPICS]
        memory = Memory(topic=topic, facet=facet, age=conversation.memory.age, language=conversation.memory.language)
        options = (*self._alternatives(conversation, topic, matches), *draft.options)
        reply = replace(draft, topics=topics, options=options, degraded=matches.degraded)
        return Outcome((reply,), memory, conversation.kommune)

    def _alternatives(self, conversation: Conversation, topic: str, matches: Matches) -> tuple[Option, ...]:
        """What else it may be about, beside an answer that is less than certain."""
        if matches.certain or topic == conversation.memory.topic:
            return ()
        answers = self.parts.answers()
        offered = [t for t in _likely(matches) if t in answers.topics and t != topic][:_ALTERNATIVES]
        return tuple(
            Option(
                self._text(conversation, "heller", tema=answers.title(t, conversation.audience, conversation.language)),
                f"{TOPIC}{t}",
            )
            for t in offered
        )

    def _counted_to(self, conversation: Conversation, text: str) -> str | None:
        """«den første», «nummer to» after we offered topics."""
        offered = _offered(conversation)
        place = ordinal_in(text, len(offered))
        return None if place is None else offered[place]

    def _chosen_by_words(self, conversation: Conversation, matches: Matches) -> str | None:
        """«den om bil» after we offered topics: the best match among them, unless another is named."""
        offered = _offered(conversation)
        if matches.named and matches.topics[0] not in offered:
            return None
        return next((topic for topic in matches.topics[:_LOOKED_FOR_IN] if topic in offered), None)

    def _facet_of_choice(self, conversation: Conversation, text: str) -> Facet:
        """What is asked of the chosen topic: what this message says, or else what was asked before we offered it."""
        return self.parts.facets.facet_of(text) or conversation.memory.facet or Facet.WHAT

    def _ask_back(self, conversation: Conversation, facet: Facet, matches: Matches) -> Outcome:
        offered = [t for t in matches.topics if t in self.parts.answers().topics][:_OPTIONS_ASKED_BACK]
        if len(offered) < 2:
            return self._answer_from(conversation, matches.topics[0], facet, matches)
        return self._offer(conversation, Status.CLARIFY, "spor-tilbake", offered, facet, matches)

    def _ask_what(self, conversation: Conversation, facet: Facet, matches: Matches) -> Outcome:
        """Too vague to answer: which of what it is likely to be about, or where to begin where that is not two topics or more."""
        offered = [t for t in _likely(matches) if t in self.parts.answers().topics][:_OPTIONS_ASKED_BACK]
        if len(offered) < 2:
            return self._offer_starting_points(conversation, facet, matches, says_little=True)
        return self._offer(conversation, Status.CLARIFY, "spor-tilbake", offered, facet, matches)

    def _offer_starting_points(
        self, conversation: Conversation, facet: Facet, matches: Matches, *, says_little: bool = False
    ) -> Outcome:
        """Someone needs help and does not say with what: what is likeliest of all that was found, then where most begin. Whoever `says_little`
        is asked to tell more."""
        likely = _likely(matches)
        usual = self.parts.starting_points.get(conversation.audience, ())
        offered = [t for t in dict.fromkeys((*likely, *usual)) if t in self.parts.answers().topics][:_OPTIONS_ASKED_BACK]
        key = "situasjon" if likely and not says_little else "hvor-begynne"
        return self._offer(conversation, Status.GUIDE, key, offered, facet, matches)

    def _offer(
        self, conversation: Conversation, status: Status, key: str, topics: Sequence[str], facet: Facet, matches: Matches
    ) -> Outcome:
        """Topics to choose among; whatever is chosen is asked what was asked (`facet`)."""
        answers = self.parts.answers()
        options = tuple(Option(answers.title(t, conversation.audience, conversation.language), f"{TOPIC}{t}") for t in topics)
        none = Option(self._text(conversation, "ingen-av-disse"), NONE_OF_THESE)
        reply = Draft(
            Sender.BOT,
            self._text(conversation, key),
            conversation.language,
            status,
            topics=tuple(dict.fromkeys((*topics, *matches.topics)))[:_RANKED_TOPICS],
            options=(*options, none),
            degraded=matches.degraded,
        )
        memory = replace(conversation.memory, pending=Pending.CHOICE, options=options, facet=facet)
        return Outcome((reply,), memory, conversation.kommune)

    def _abstain(self, conversation: Conversation, matches: Matches | None = None) -> Outcome:
        outcome = self._say(conversation, Status.ABSTAIN, "vet-ikke", options=(self._person(conversation),))
        degraded = matches is not None and matches.degraded
        return replace(outcome, replies=tuple(replace(r, degraded=degraded) for r in outcome.replies))

    def _without_article(self, conversation: Conversation, topic: str, matches: Matches) -> Outcome:
        """We know what is asked about but have nothing checked to say: say just that."""
        title = self.parts.answers().title(topic, conversation.audience, conversation.language)
        outcome = self._say(conversation, Status.ABSTAIN, "mangler-artikkel", (self._person(conversation),), tema=title)
        topics = tuple(dict.fromkeys((topic, *matches.topics)))[:_RANKED_TOPICS]
        return replace(outcome, replies=tuple(replace(r, topics=topics) for r in outcome.replies))

    def _danger_goes_on(self, conversation: Conversation, text: str, decision: Decision) -> Danger | None:
        """What follows a cry for help is about it too («hun svarer ikke lenger»), until it is plainly thanks or a question of ours."""
        memory = conversation.memory
        if memory.pending is not Pending.CRISIS or decision.directive in _ENDS_A_CRISIS:
            return None
        matches = self._match(conversation, text, None)
        asks = matches.verdict is Verdict.ANSWER and "?" in text and (matches.named or matches.certain)
        return None if asks else memory.danger

    def _in_crisis(self, conversation: Conversation, danger: Danger) -> Outcome:
        parts = self.parts
        doors = crisis_helplines(parts.helplines, danger, conversation.audience)
        text = self._text(conversation, f"krise-{danger}")
        on = self._text(conversation, "krise-videre")
        answers = parts.answers()
        topics = [t for t in _CRISIS_TOPICS if t in answers.topics]
        options = tuple(Option(answers.title(t, conversation.audience, conversation.language), f"{TOPIC}{t}") for t in topics)
        reply = Draft(
            Sender.BOT,
            f"{text}\n\n{on}",
            conversation.language,
            Status.CRISIS,
            options=options,
            helplines=tuple(shown(h, conversation.language, parts.now()) for h in doors),
        )
        log.warning("crisis", extra={"danger": danger})
        memory = replace(conversation.memory, pending=Pending.CRISIS, danger=danger)
        return Outcome((reply,), memory, conversation.kommune)

    def _hand_off(self, conversation: Conversation, named: Kommune | None) -> Outcome:
        """How to reach the coordinating unit or barnekoordinator: by what `kommuner.yml` knows, or how to find it."""
        kommune = named or self.parts.kommuner.by_number(conversation.kommune)
        if kommune is None:
            text, pending = self._text(conversation, "overlevering-uten-kommune"), Pending.HANDOFF_KOMMUNE
        else:
            text, pending = self._reach(conversation, kommune), None
        youth = conversation.audience is Audience.YOUTH
        if youth:
            text = f"{text}\n\n{self._text(conversation, 'overlevering-ung')}"
        doors = youth_helplines(self.parts.helplines) if youth else []
        reply = Draft(
            Sender.BOT,
            text,
            conversation.language,
            Status.HANDOFF,
            helplines=tuple(shown(h, conversation.language, self.parts.now()) for h in doors),
            options=self._about_coordination(conversation),
        )
        memory = replace(conversation.memory, pending=pending)
        return Outcome((reply,), memory, kommune.number if kommune else conversation.kommune)

    def _reach(self, conversation: Conversation, kommune: Kommune) -> str:
        known = kommune.barnekoordinator or kommune.coordinating_unit
        if not known:
            return self._text(conversation, "overlevering-ukjent", kommune=kommune.name)
        contact = ", ".join(str(known[key]) for key in ("telefon", "side") if known.get(key))
        return self._text(conversation, "overlevering-kjent", kommune=kommune.name, kontakt=contact)

    def _about_coordination(self, conversation: Conversation) -> tuple[Option, ...]:
        answers = self.parts.answers()
        topics = [t for t in ("barnekoordinator", "koordinerende-enhet") if t in answers.topics]
        return tuple(Option(answers.title(t, conversation.audience, conversation.language), f"{TOPIC}{t}") for t in topics)

    def _kommune_for_handoff(self, conversation: Conversation, text: str) -> Outcome | None:
        """The answer to «which kommune?»."""
        if conversation.memory.pending is not Pending.HANDOFF_KOMMUNE or len(text.split()) > FEW_WORDS:
            return None
        kommune = self.parts.kommuner.in_text(text, alone=True)
        return self._hand_off(conversation, kommune) if kommune else None

    def _note_kommune(self, conversation: Conversation, text: str) -> Outcome:
        kommune = self.parts.kommuner.in_text(text, alone=True)
        if kommune is None:
            return self._say(conversation, Status.SMALLTALK, "kommune-ukjent")
        if conversation.memory.topic:
            note = self._text(conversation, "kommune-husket", kommune=kommune.name)
            return self._noted(replace(conversation, kommune=kommune.number), Facet.CONTACT, note)
        outcome = self._say(conversation, Status.SMALLTALK, "kommune-notert", kommune=kommune.name)
        return replace(outcome, kommune=kommune.number)

    def _noted(self, conversation: Conversation, facet: Facet, note: str) -> Outcome:
        """Whoever tells more of their case is answered about it: the part of the topic that turns on what was told."""
        topic = conversation.memory.topic
        assert topic is not None
        outcome = self._answer_from(conversation, topic, facet, Matches.of(topic))
        first, *rest = outcome.replies
        return replace(outcome, replies=(replace(first, text=f"{note}\n\n{first.text}"), *rest))

    def _take_choice(self, conversation: Conversation, choice: str) -> tuple[Draft, Outcome]:
        label = next((o.label for o in conversation.memory.options if o.choice == choice), None)
        if choice == PERSON:
            label = self._text(conversation, "snakk-med-person")
            outcome = self._hand_off(conversation, None)
        elif choice == NONE_OF_THESE:
            label = self._text(conversation, "ingen-av-disse")
            outcome = self._abstain(conversation)
        else:
            topic, facet = self._parsed(choice)
            if conversation.memory.pending is Pending.CHOICE and facet is Facet.WHAT:
                facet = conversation.memory.facet or facet
            label = label or self._label(conversation, topic, facet)
            outcome = self._answer_from(conversation, topic, facet, Matches.of(topic))
        return Draft(Sender.USER, label, conversation.language), outcome

    def _parsed(self, choice: str) -> tuple[str, Facet]:
        topic, _, facet = choice.removeprefix(TOPIC).partition("/")
        if not choice.startswith(TOPIC) or topic not in self.parts.answers().topics or facet not in {"", *Facet}:
            raise ChoiceUnknown
        return topic, Facet(facet) if facet else Facet.WHAT

    def _label(self, conversation: Conversation, topic: str, facet: Facet) -> str:
        title = self.parts.answers().title(topic, conversation.audience, conversation.language)
        return f"{title}: {self._text(conversation, f'fasett-{facet}')}"

    def _say(
        self, conversation: Conversation, status: Status, key: str, options: tuple[Option, ...] = (), **values: str
    ) -> Outcome:
        reply = Draft(Sender.BOT, self._text(conversation, key, **values), conversation.language, status, options=options)
        return Outcome((reply,), replace(conversation.memory, pending=None), conversation.kommune)

    def _person(self, conversation: Conversation) -> Option:
        return Option(self._text(conversation, "snakk-med-person"), PERSON)

    def _text(self, conversation: Conversation, key: str, **values: str) -> str:
        return self.parts.texts.get(key, conversation.language, conversation.audience, **values)


def _or_none(read: Callable[[str], Read | None], text: str, what: str) -> Read | None:
    """What is read from a message by its meaning; None when that fails for whatever reason, for a turn never fails because of it."""
    try:
        return read(text)
    except Exception as error:
        log.warning("unavailable", extra={"what": what, "kind": type(error).__name__})
        return None


def _likely(matches: Matches) -> list[str]:
    """The topics that are worth offering, likeliest first."""
    return [topic for topic, p in zip(matches.topics, matches.confidences, strict=False) if p >= _WORTH_OFFERING]


def _offered(conversation: Conversation) -> list[str]:
    """The topics we offered last; none where nothing is to be chosen."""
    if conversation.memory.pending is not Pending.CHOICE:
        return []
    return [o.choice.removeprefix(TOPIC) for o in conversation.memory.options if o.choice.startswith(TOPIC)]
