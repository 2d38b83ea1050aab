"""What may be asked of the ledger itself."""

from typing import Annotated

from pydantic import Field, StringConstraints

from events.commands import Command


class WaivePosition(Command):
    """Build views without the event at a position, named by the hash of its payload (hexadecimal)."""

    position: Annotated[int, Field(ge=1)]
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,128}$")]
