"""The rule of waiving a position: somebody says why. There is no state: waiving twice says it twice."""

from events.context import Context
from events.ledger.commands import WaivePosition
from events.ledger.events import PositionWaived
from events.registry import EventData


def decide(command: WaivePosition, context: Context) -> list[EventData]:
    """What follows from a command, or Refused."""
    context.check_reason()
    context.require_reason()
    return [PositionWaived(position=command.position, hash=command.hash)]
