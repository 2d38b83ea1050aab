"""The rules of relative targets of KPIs: they are resolved as they are set."""

from pydantic import ValidationError

from events.context import Context
from events.errors import Refused
from events.kpis.commands import SetKpiTarget
from events.kpis.definition import Cadence, KpiTarget
from events.kpis.state import Kpi
from events.measures import ADDING_UP, Measure, refused
from events.relative import Base, Relative
from events.relative_rules import as_stated, base_unknown, check_positive

_LONG: dict[Base, Cadence | None] = {
    "previous_month": "month",
    "previous_quarter": "quarter",
    "previous_half": None,
    "previous_year": "year",
}
"""How long a base is that is no period of the KPI's own cadence in any case; None: as no cadence."""


def target_of(command: SetKpiTarget, kpi: Kpi, context: Context) -> KpiTarget:
    """Return the target that a command sets; a relative one is frozen with the base that is known now."""
    said = command.model_dump() | {"effective_from": command.effective_from or context.today}
    measure = _measure(command, kpi)
    relative = command.relative
    if relative is None:
        return KpiTarget(**said | {"target": measure.target, "base": None})
    _check_base(relative, kpi)
    if relative.of == "baseline":
        return KpiTarget(**said | {"target": measure.target, "base": None})
    base = command.base
    if base is None:
        raise base_unknown()
    check_positive(base.value, "/relative")
    measure = measure.revised("/relative", target=relative.target(base.value), baseline=base.value)
    return KpiTarget(**said | {"target": measure.target, "baseline": base.value})


def _measure(command: SetKpiTarget, kpi: Kpi) -> Measure:
    """Return the measure that was stated, without the figures that follow from a base."""
    fields = command.model_dump(include=Measure.model_fields.keys() & SetKpiTarget.model_fields.keys())
    try:
        stated = Measure(**fields, unit=kpi.unit)
    except ValidationError as error:
        raise refused(error, "/target" if command.relative is None else "/relative") from None
    return as_stated(stated, pointer="")


def _check_base(relative: Relative, kpi: Kpi) -> None:
    """Refuse a target that is to be resolved later, and one that a period's value can't be held against."""
    if relative.resolve != "cycle_start":
        raise Refused(
            "relative_target_resolved_as_set",
            "a relative target of a KPI is resolved as it is set: leave out resolve",
            "KPI의 상대 목표치는 정할 때 바로 확정됩니다. resolve를 쓰지 마십시오",
            kind="invalid",
            pointer="/relative/resolve",
        )
    if kpi.aggregation in ADDING_UP and _LONG.get(relative.of, kpi.cadence) != kpi.cadence:
        raise Refused(
            "relative_base_not_a_period",
            f"the target of a sum is for one {kpi.cadence}, and so is its base, or the same period last year",
            f"합계 KPI의 목표치는 한 주기({kpi.cadence})의 값입니다. 기준도 같은 길이의 기간이거나 작년 같은"
            " 기간이어야 합니다",
            kind="invalid",
            pointer="/relative/of",
        )
