"""The rule of decisions about the ledger: somebody says why. There is no state, so each stands by itself."""

from events.context import Context
from events.ledger.commands import AcceptLedger, WaivePosition
from events.ledger.events import LedgerRestored, PositionWaived
from events.registry import EventData


def decide(command: WaivePosition | AcceptLedger, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it."""
    context.check_reason()
    context.require_reason()
    match command:
        case WaivePosition():
            return [PositionWaived(position=command.position, hash=command.hash)]
        case AcceptLedger():
            return [
                LedgerRestored(
                    epoch=command.epoch, cut=command.cut, cut_at=command.cut_at, old_head=command.old_head
                )
            ]
