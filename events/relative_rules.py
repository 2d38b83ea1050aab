"""The rules that relative goals of key results and of KPI targets share."""

from decimal import Decimal

from events.errors import Refused
from events.measures import Measure


def as_stated(measure: Measure, *, pointer: str) -> Measure:
    """Return a measure as it was stated: a change of its own baseline has its target at once.

    Refuses figures that a relative goal is still to be given. `pointer` is where the measure stands.
    """
    relative = measure.relative
    if relative is None:
        return measure
    if measure.target is not None or (measure.baseline is not None and relative.of != "baseline"):
        raise Refused(
            "relative_has_figures",
            "a relative goal gets its baseline and target when it is resolved: leave them out",
            "상대 목표의 기준값과 목표치는 확정할 때 정해지므로 비워 두십시오",
            kind="invalid",
            pointer=f"{pointer}/relative",
        )
    if relative.of != "baseline":
        return measure
    if measure.baseline is None:
        raise Refused(
            "relative_needs_baseline",
            "a change of the baseline needs a baseline",
            "기준값에 대한 변화에는 기준값이 필요합니다",
            kind="invalid",
            pointer=f"{pointer}/baseline",
        )
    check_positive(measure.baseline, f"{pointer}/baseline")
    target = relative.target(measure.baseline)
    return measure.revised(f"{pointer}/relative", target=target)


def base_unknown() -> Refused:
    """Return the refusal to resolve a relative goal whose base is not on record."""
    return Refused(
        "base_unknown",
        "the base is not known: its period is not over, it has no value, or no KPI is linked",
        "기준 기간이 끝나지 않았거나 값이 없거나 연결된 KPI가 없어 기준을 알 수 없습니다",
    )


def check_positive(base: Decimal, pointer: str) -> None:
    """Refuse a base that nothing can be a percentage of."""
    if base <= 0:
        raise Refused(
            "base_not_positive",
            "a relative goal needs a base above 0",
            "상대 목표의 기준은 0보다 커야 합니다",
            kind="invalid",
            pointer=pointer,
        )
