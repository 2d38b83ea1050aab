"""Events of a KPI (핵심성과지표). Its id is the aggregate's; its readings are another aggregate."""

from datetime import date
from typing import Any

from events.kpis.definition import KpiDefinition, KpiTarget, ReadingKind
from events.pending_changes import PendingChange
from events.registry import Backdatable, EventData, event, upcaster


@event(
    "kpi.defined",
    version=2,
    ko="{actor} KPI ‘{name_ko}’을(를) 정의했습니다(단위 {unit}, 집계 {aggregation}).",
    en="{actor} defined the KPI “{name_en}” (unit {unit}, aggregation {aggregation}).",
)
class KpiDefined(KpiDefinition, EventData):
    """A measure is watched from now on."""

    unit: str
    kind: ReadingKind


@upcaster("kpi.defined", from_version=1)
def _a_period_without_readings_was_unknown(data: dict[str, Any]) -> dict[str, Any]:
    """Translate version 1, which had no rule for empty periods: they were always taken as missing."""
    return {"empty": "missing", **data}


@event(
    "kpi.redefined",
    ko="{actor} KPI ‘{old.name_ko}’의 정의를 바꿨습니다[({effective_from}부터)].",
    en="{actor} redefined the KPI “{old.name_en}”[, from {effective_from} on].",
)
class KpiRedefined(Backdatable):
    """A KPI is defined otherwise. The reason is in the envelope."""

    old: KpiDefinition
    new: KpiDefinition
    effective_from: date | None = None
    """The business day from which all its readings count in the new way: figures as of a day before, and of
    cycles that were over by then, stay. None where they count as before, and in events of before there was
    such a day: these changed all figures."""


@event(
    "kpi.target_set",
    ko="{actor} KPI {id}의 목표치를 정했습니다: {old.target} → {new.target} ({new.effective_from}부터).",
    en="{actor} set the target of KPI {id} from {old.target} to {new.target}, from {new.effective_from} on.",
)
class KpiTargetSet(Backdatable):
    """A KPI has a target for a stretch of days. It wins over targets set before for the same days."""

    new: KpiTarget
    old: KpiTarget | None = None
    """The target that held on its first day until then."""


@event(
    "kpi.change_proposed",
    ko="{actor} KPI {id}의 목표치 변경을 요청했습니다. 승인할 때까지는 이전 목표치가 유효합니다.",
    en="{actor} asked to change the target of KPI {id}; until that is approved, the old target holds.",
)
class KpiChangeProposed(EventData):
    """Targets are to change and need approval. Nothing has changed yet. The reason is in the envelope."""

    changes: tuple[PendingChange, ...]


@event(
    "kpi.change_agreed",
    ko="{actor} KPI {id}의 목표치 변경을 승인했습니다.",
    en="{actor} approved the change of the target of KPI {id}.",
)
class KpiChangeAgreed(EventData):
    """Somebody else than who asked said yes: the targets that waited follow as events of their own."""


@event(
    "kpi.change_sent_back",
    ko="{actor} KPI {id}의 목표치 변경 요청을 돌려보냈습니다.",
    en="{actor} sent the change of the target of KPI {id} back.",
)
class KpiChangeSentBack(EventData):
    """The targets that waited will not be set. The reason is in the envelope."""


@event(
    "kpi.retired",
    ko="{actor} KPI {id} 관리를 끝냈습니다.",
    en="{actor} retired the KPI {id}.",
)
class KpiRetired(EventData):
    """A KPI is watched no longer; its readings stay. The reason is in the envelope."""
