"""Commands on the ledger itself."""

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from events.commands import Command


class WaivePosition(Command):
    """Build views without the event at a position, named by the hash of its payload (hexadecimal)."""

    position: Annotated[int, Field(ge=1)]
    hash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32,128}$")]


class AcceptLedger(Command):
    """Go on with a ledger that lost events which views still show; the fields are those of the event."""

    epoch: Annotated[int, Field(ge=2)]
    cut: Annotated[int, Field(ge=0)]
    cut_at: datetime | None = None
    old_head: Annotated[int, Field(ge=1)]
