"""Approval (승인) of KPI targets: where the policy asks for it, a change waits for somebody else's yes."""

from collections.abc import Iterator, Sequence

from events.context import Context
from events.errors import Refused
from events.ids import Aggregate
from events.kpis.events import KpiChangeProposed, KpiChangeSentBack, KpiTargetSet
from events.kpis.state import Kpi
from events.pending_approval import PendingApproval, check_free
from events.pending_changes import as_pending
from events.registry import EventData

WAITS = ("set_target", "agree", "send_back")
"""What may be done with the targets of a KPI while a change waits."""


def needs_approval(kpi: Kpi, context: Context) -> bool:
    """Return whether changes of targets need approval: the newest policy says so, as a KPI has no cycle.

    While something waits, others join it.
    """
    return kpi.waiting is not None or context.policies.newest("kpi").rules.approve_target_changes


def waiting_of(kpi: Kpi) -> PendingApproval:
    """Return the pending changes. Refuses to decide where there are none."""
    if kpi.waiting is None:
        raise Refused(
            "nothing_waits",
            f"no change of a target of the KPI {kpi.id} waits for approval",
            f"승인을 기다리는 KPI {kpi.id} 목표치 변경이 없습니다",
            allowed=["set_target"],
        )
    return kpi.waiting


def asked(kpi: Kpi) -> Iterator[KpiTargetSet]:
    """Return the pending targets, in the order they were proposed."""
    if kpi.waiting is not None:
        for event in kpi.waiting.events(Aggregate("kpi", kpi.id)):
            assert isinstance(event.data, KpiTargetSet)
            yield event.data


def as_proposed(kpi: Kpi) -> Kpi:
    """Return the KPI as it would be with the pending targets."""
    return kpi.model_copy(update={"targets": (*kpi.targets, *(target.new for target in asked(kpi)))})


def defer(changes: Sequence[EventData], kpi: Kpi, context: Context) -> list[EventData]:
    """Return the event that proposes targets, beside those that the same actor proposed before."""
    if not changes:
        return []
    check_free(kpi.waiting, context.actor)
    return [KpiChangeProposed(changes=as_pending(changes))]


def send_back(kpi: Kpi, context: Context) -> list[EventData]:
    """Return the event that refuses pending targets or, by who asked for them, takes them back.

    Takes a reason.
    """
    waiting_of(kpi)
    context.require_reason()
    return [KpiChangeSentBack()]
