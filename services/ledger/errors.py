"""What can go wrong with the ledger, in words a caller can act on."""

from __future__ import annotations

from events.errors import BilingualError
from events.text import Text


class LedgerError(BilingualError):
    """Anything the ledger refuses or cannot do."""


class InvalidAppend(LedgerError, ValueError):
    """Can never be appended: no entry, too many, too large, or a subject of another workspace."""


class Conflict(LedgerError):
    """Somebody else appended first: nothing was stored. Load the aggregate and decide again."""

    def __init__(self, subject: str | None = None) -> None:
        """`subject`: where the guard failed; None if several were guarded and the server does not tell."""
        super().__init__(
            Text(
                f"그 사이에 다른 이벤트가 먼저 기록되었습니다({subject or '여러 대상 중 하나'}). 다시"
                " 실행하십시오",
                f"the ledger has moved on {subject or 'a guarded subject'}",
            )
        )
        self.subject = subject


class DuplicateId(Conflict):
    """A message id of the append is on the ledger already: nothing was stored. Look the id up."""


class LedgerUnavailable(LedgerError):
    """The ledger did not answer in time; nothing was stored. Trying again is safe."""

    def __init__(self, message: str, retry_after: float = 2.0, *, storage_full: bool = False) -> None:
        """`retry_after`: seconds after which another try makes sense; `storage_full`: why it is so."""
        super().__init__(message)
        self.retry_after = retry_after
        self.storage_full = storage_full


class LedgerUncertain(LedgerError):
    """The connection broke while committing and stayed away: the append may or may not be stored."""

    def __init__(self, message: str, retry_after: float = 2.0, *, storage_full: bool = False) -> None:
        """`retry_after`: seconds after which a look at the ledger makes sense; `storage_full`: why."""
        super().__init__(message)
        self.retry_after = retry_after
        self.storage_full = storage_full


class WorkspaceUnknown(LedgerError):
    """There is no ledger for this workspace."""

    def __init__(self, workspace: str) -> None:
        """`workspace`: its id."""
        super().__init__(
            Text(f"워크스페이스 {workspace!r}이(가) 없습니다", f"there is no workspace {workspace!r}")
        )
        self.workspace = workspace


class LedgerGap(LedgerError):
    """A position is missing: this is not the ledger that was written, or not the one that was read before."""

    def __init__(self, workspace: str, after: int, found: int) -> None:
        """After position `after` came `found`; or the ledger ends at `found`, which is before `after`."""
        if found > after:
            ko, en = (
                f"위치 {after + 1}~{found - 1}이(가) 없습니다",
                f"positions {after + 1} to {found - 1} are missing",
            )
        else:
            ko = f"위치 {found}에서 끝나지만, 전에는 위치 {after}까지 읽었습니다"
            en = f"it ends at position {found}, but position {after} was read before"
        super().__init__(
            Text(
                f"워크스페이스 {workspace}의 원장이 온전하지 않습니다. {ko}",
                f"the ledger of {workspace} is not whole: {en}",
            )
        )
        self.workspace = workspace
        self.after = after
        self.found = found


class ConfigurationDiffers(LedgerError):
    """Stored streams are not configured as this version needs them; the text lists every difference."""

    def __init__(self, differences: list[str]) -> None:
        """`differences`: one line each, naming stream, setting, stored and wanted value."""
        super().__init__("the stream configuration is not the wanted one:\n  " + "\n  ".join(differences))
        self.differences = differences
