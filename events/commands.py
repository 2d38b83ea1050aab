"""The base of all commands: a frozen request, and how it is handled. Other rules are the deciders'."""

from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

TITLE_LENGTH = 500
NOTE_LENGTH = 4000


def _printable(text: str) -> str:
    if any(character < " " and character not in "\n\t" for character in text):
        raise ValueError("control characters are not allowed in a text")
    return text


Title = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=TITLE_LENGTH),
    AfterValidator(_printable),
]
"""One line that names something."""

Note = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=NOTE_LENGTH),
    AfterValidator(_printable),
]
"""Free text of a person."""


Fact = Literal[
    "cycle",
    "new_cycle",
    "cycles",
    "measured_cycles",
    "supported_cycles",
    "kpi",
    "org_unit",
    "below",
    "taken_over",
    "unknown",
    "unseen",
    "leads_to",
    "policies",
    "taken",
    "gone",
    "line",
]
"""A fact of other aggregates that a decider may need: a field of `Context` (events/context.py)."""

Rule = Literal["ids", "supports", "tree"]
"""A rule about all aggregates at once: no two goals have one id, no goal supports itself through others, no
unit is below itself or below one that ended."""


class Command(BaseModel):
    """Something that is asked for. Why is in the context, not in the command.

    Its class says how it is handled. People whom it names need no mention: its fields name them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    needs: ClassVar[frozenset[Fact]] = frozenset()
    """The facts that its decider asks for: these are looked up, nothing else."""
    serialized_by: ClassVar[frozenset[Rule]] = frozenset()
    """The rules for which one command at a time is decided."""
    moves_goalposts: ClassVar[bool] = False
    """It changes how a goal is measured and what it is held against, where its value comes from, how much it
    counts, which key results there are, or by when."""
    begins_in_sight: ClassVar[type[BaseModel] | None] = None
    """What it begins, if only those may begin it who would see it."""
    moves_lines: ClassVar[bool] = False
    """It may put people below somebody; under dual control never below the one who asks."""
    reports: ClassVar[bool] = False
    """It reports on a goal or works out what was agreed, and changes no terms."""
