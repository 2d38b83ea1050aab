"""References to what is talked about, and audiences: who may read it."""

from typing import Annotated, Literal

from pydantic import StringConstraints

Audience = Literal["parties", "line", "everyone"]
"""Only those who talk; their line, too; or everybody in the workspace. Each holds the ones before."""

WIDTH: dict[Audience, int] = {"parties": 0, "line": 1, "everyone": 2}
"""How many may read it, in order."""

About = Annotated[str, StringConstraints(pattern=r"^(objective|key_result|person)/[a-z0-9][a-z0-9_-]{0,62}$")]
"""What is talked about: `objective/growth`, `key_result/acv`, `person/anna`."""
