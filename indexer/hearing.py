"""What a message seems to do and to ask for, by its meaning alone: the values that the model's two smaller heads give. Pure."""

from dataclasses import dataclass

from indexer.adapter import Guess


@dataclass(frozen=True, slots=True)
class Hearing:
    """`act` is an intent of the bot, `facet` the part of a matter that is asked for, each with how likely it is."""

    act: Guess
    facet: Guess
