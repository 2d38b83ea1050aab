"""The ledger: one JetStream stream for each workspace. Nothing else knows streams."""

from services.ledger.append import Appended, Entry
from services.ledger.errors import (
    ConfigurationDiffers,
    Conflict,
    DuplicateId,
    InvalidAppend,
    LedgerError,
    LedgerGap,
    LedgerUnavailable,
    LedgerUncertain,
    WorkspaceUnknown,
)
from services.ledger.identity import Difference, Mark
from services.ledger.ledger import Ledger
from services.ledger.messages import StoredMessage, recorded

__all__ = [
    "Appended",
    "ConfigurationDiffers",
    "Conflict",
    "Difference",
    "DuplicateId",
    "Entry",
    "InvalidAppend",
    "Ledger",
    "LedgerError",
    "LedgerGap",
    "LedgerUnavailable",
    "LedgerUncertain",
    "Mark",
    "StoredMessage",
    "WorkspaceUnknown",
    "recorded",
]
