"""A kind of fact for tests of the plugin."""

from dataclasses import dataclass

from prodgate.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod(Fact):
    """Something that answers or does not."""

    answers: bool
