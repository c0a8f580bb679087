"""What a message seems to do and to ask for, by its meaning alone: the values that the model's three smaller heads give. Pure."""

from dataclasses import dataclass

from indexer.adapter import GOES_ON, Guess, Head
from indexer.search_index import Vector


@dataclass(frozen=True, slots=True)
class Hearing:
    """`act` is an intent of the bot, `facet` the part of a matter that is asked for, each with how likely it is. `goes_on`: how likely it is that
    the message can only be understood by what was said before («må vi ta vare på kvitteringer?»); of a first message, that it is too vague to answer."""

    act: Guess
    facet: Guess
    goes_on: float


@dataclass(frozen=True, slots=True)
class HearingHeads:
    """The heads that hear."""

    act: Head
    facet: Head
    context: Head

    def hear(self, vector: Vector) -> Hearing:
        return Hearing(self.act.likeliest(vector), self.facet.likeliest(vector), self.context.probability(GOES_ON, vector))
