"""Changes that wait until somebody else says yes (합의, 승인): who may decide on them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from events.envelope import Event
from events.errors import Refused
from events.ids import Aggregate
from events.pending_changes import PendingChange
from events.registry import lookup, upcast


class PendingApproval(BaseModel):
    """Changes that hold only when the parties of an MBO goal have agreed, or somebody has approved them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    by: str = Field(description="The actor who proposed them: a party says yes to what it proposes itself.")
    agreed_by: tuple[str, ...] = Field((), description="The actors who have said yes besides.")
    stood_in: dict[str, str] = Field(
        {}, description="Parties of an MBO goal who left, each with the actor who said yes in their place."
    )
    changes: tuple[PendingChange, ...] = Field(
        description="The events that follow then, with old and new, in the order they were proposed."
    )

    def events(self, aggregate: Aggregate) -> list[Event]:
        """Return the changes as events of the aggregate, in the newest version of their types."""
        found = []
        for change in self.changes:
            known = lookup(change.type)
            assert known is not None, change.type
            data = known.model.model_validate(upcast(change.type, dict(change.data)))
            # Only the data counts for what terms become; the rest is the agreement's once it is there.
            time = datetime.min.replace(tzinfo=UTC)
            found.append(Event(UUID(int=0), known.full, "", aggregate, time, self.by, data))
        return found


def with_more(
    waiting: PendingApproval | None, by: str, changes: tuple[PendingChange, ...]
) -> PendingApproval:
    """Return the pending changes once an actor proposed more; nobody has agreed to them yet."""
    before = () if waiting is None else waiting.changes
    return PendingApproval(by=by, changes=(*before, *changes))


def check_free(waiting: PendingApproval | None, actor: str) -> None:
    """Refuse to propose a change while one that somebody else proposed waits."""
    if waiting is not None and waiting.by != actor:
        raise Refused(
            "change_waits",
            f"a change that {waiting.by} proposed waits: agree to it or send it back first",
            f"{waiting.by} 님이 제안한 변경이 합의를 기다립니다. 먼저 합의하거나 돌려보내십시오",
            allowed=["agree", "send_back"],
        )


def check_not_own(waiting: PendingApproval, actor: str, allowed: Sequence[str]) -> None:
    """Refuse to approve what one asked for oneself; `allowed` is what may be done while it waits."""
    if waiting.by == actor:
        raise Refused(
            "own_change",
            "somebody else approves the change that you asked for",
            "직접 요청한 변경은 다른 사람이 승인해야 합니다",
            allowed=[step for step in allowed if step != "agree"],
        )
