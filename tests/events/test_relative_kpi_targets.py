"""Relative targets of KPIs: stated without figures, resolved and frozen as they are set."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from events.kpis.commands import SetKpiTarget
from events.kpis.definition import KpiTarget
from events.kpis.events import KpiDefined, KpiTargetSet
from events.relative import FrozenValue, Relative
from tests.events.given import TODAY, Outcome, given

MONTHLY = KpiDefined.model_validate(
    {"name_ko": "비용", "name_en": "Cost", "unit": "KRW", "kind": "delta", "aggregation": "sum"}
    | {"cadence": "month", "empty": "missing"}
)
SHARE = MONTHLY.model_copy(update={"unit": "percent", "kind": "gauge", "aggregation": "mean"})
MARCH = date(2025, 3, 1)


def base(value: object, known: int = 40) -> FrozenValue:
    """What last month came to, or whatever it is."""
    days = {"start": date(2025, 1, 1), "end": date(2025, 1, 31)}
    stands = {"readings": 3, "first_position": 10, "last_position": 30, "known_position": known}
    return FrozenValue.model_validate({"value": str(value)} | days | stands)


def command(kind: str = "at_most", base: FrozenValue | None = None, **said: Any) -> SetKpiTarget:
    """−5 % on last month from March on, unless said otherwise."""
    figures = {"target", "baseline"}
    relative = {"amount": "-5", "of": "previous_month"} | {
        name: value for name, value in said.items() if name not in figures
    }
    stated = {name: value for name, value in said.items() if name in figures}
    return SetKpiTarget.model_validate(
        {"kind": kind, "relative": relative, "effective_from": MARCH, "base": base} | stated
    )


def when(wanted: SetKpiTarget, defined: KpiDefined = MONTHLY) -> Outcome:
    """The command, on a KPI without a target."""
    return given("kpi", defined).when(wanted)


@pytest.mark.parametrize(
    ("kind", "said", "baseline", "target"),
    [
        ("at_most", {}, "200", "190"),
        ("decrease", {}, "200", "190"),
        ("increase", {"amount": "15"}, "200", "230"),
        ("at_least", {"amount": "15", "change": "points"}, "200", "215"),
        ("at_most", {"of": "same_period_last_year"}, "200", "190"),
        ("at_most", {"of": "baseline", "baseline": "100"}, "100", "95"),
    ],
)
def test_baseline_and_target_follow_from_the_base(
    kind: str, said: dict[str, Any], baseline: str, target: str
) -> None:
    """The same figures as a key result has; what it was said by stays beside them."""
    wanted = command(kind, base(200), **said)
    known = None if "baseline" in said else base(200)
    new = KpiTarget.model_validate(
        {"kind": kind, "target": target, "baseline": baseline, "effective_from": MARCH}
        | {"relative": wanted.relative, "base": known}
    )
    state = when(wanted).then(KpiTargetSet(new=new))
    assert state.targets == (new,)


@pytest.mark.parametrize(
    ("wanted", "defined", "code", "kind", "pointer"),
    [
        (command(), MONTHLY, "base_unknown", "conflict", None),
        (command(base=base(0)), MONTHLY, "base_not_positive", "invalid", "/relative"),
        (command(base=base(-3)), MONTHLY, "base_not_positive", "invalid", "/relative"),
        (command(of="baseline", baseline="-1"), MONTHLY, "base_not_positive", "invalid", "/baseline"),
        (command(of="baseline"), MONTHLY, "relative_needs_baseline", "invalid", "/baseline"),
        (command(base=base(1), target="3"), MONTHLY, "relative_has_figures", "invalid", "/relative"),
        (command(base=base(1), baseline="3"), MONTHLY, "relative_has_figures", "invalid", "/relative"),
        (command(base=base(40)), SHARE, "relative_change_unclear", "invalid", "/relative"),
        (command("decrease", base(1), amount="0"), MONTHLY, "direction_contradicts", "invalid", "/relative"),
        (
            command(base=base(1), resolve="each_period"),
            MONTHLY,
            "relative_target_resolved_as_set",
            "invalid",
            "/relative/resolve",
        ),
        *(
            (command(base=base(1), of=of), MONTHLY, "relative_base_not_a_period", "invalid", "/relative/of")
            for of in ("previous_quarter", "previous_half", "previous_year")
        ),
        (SetKpiTarget(kind="at_most"), MONTHLY, "target_missing", "invalid", "/target"),
    ],
)
def test_what_cannot_be_resolved_is_refused(
    wanted: SetKpiTarget, defined: KpiDefined, code: str, kind: Any, pointer: str | None
) -> None:
    """As a relative key result is."""
    when(wanted, defined).refused(code, kind, pointer)


def test_what_is_no_sum_may_follow_from_any_period() -> None:
    """A mean of a year is a mean, like that of a month."""
    of_year = command("at_least", base(40), amount="15", of="previous_year", change="points")
    outcome = when(of_year, SHARE)
    assert outcome.events is not None, outcome.refusal
    [event] = outcome.events
    assert isinstance(event, KpiTargetSet)
    assert (event.new.target, event.new.baseline) == (Decimal(55), Decimal(40))


def test_the_same_again_is_nothing_and_another_base_takes_a_reason() -> None:
    """The positions of a base do not make another target; its value does."""
    relative = Relative(amount=Decimal(-5), of="previous_month")
    first = KpiTarget(
        kind="at_most",
        target=Decimal(190),
        baseline=Decimal(200),
        effective_from=TODAY,
        relative=relative,
        base=base(200),
    )
    known = given("kpi", MONTHLY, KpiTargetSet(new=first))
    again = SetKpiTarget(kind="at_most", relative=relative, base=base(200, known=99))
    known.when(again).then()
    corrected = again.model_copy(update={"base": base(100)})
    known.when(corrected).refused("reason_required", "invalid", "/reason")
    new = first.model_copy(update={"target": Decimal(95), "baseline": Decimal(100), "base": base(100)})
    known.when(corrected, reason="a late invoice").then(KpiTargetSet(new=new, old=first))
