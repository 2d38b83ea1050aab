"""What every command is: the frozen shape of a request. Rules that need more are the deciders'."""

from typing import Annotated

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


class Command(BaseModel):
    """Something that is asked for. Why is in the context, not in the command."""

    model_config = ConfigDict(frozen=True, extra="forbid")
