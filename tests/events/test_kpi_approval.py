"""Approval: where the newest KPI policy asks for it, a KPI's target moves when somebody else says yes."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from events.kpis.commands import AgreeKpiChange, RedefineKpi, RetireKpi, SendBackKpiChange, SetKpiTarget
from events.kpis.definition import KpiTarget
from events.kpis.events import (
    KpiChangeAgreed,
    KpiChangeProposed,
    KpiChangeSentBack,
    KpiRedefined,
    KpiRetired,
    KpiTargetSet,
)
from events.kpis.state import Kpi
from events.pending_changes import as_pending
from events.policies.defaults import DEFAULTS
from events.policies.rules import PolicyVersions
from events.policies.state import Policies, Policy
from tests.events.given import QUARTER, TODAY, Given, Outcome, state_after
from tests.events.given_kpis import FIRST, KPI, WITH_TARGET

ASKING = DEFAULTS["kpi"].model_copy(update={"approve_target_changes": True})
ASKS = Policies([Policy(id="kpi", versions=(ASKING,))])
MOVE = SetKpiTarget(kind="at_most", target=Decimal(30))
MOVED = FIRST.model_copy(update={"target": Decimal(30)})
ASKED = KpiChangeProposed(changes=as_pending([KpiTargetSet(new=MOVED, old=FIRST)]))
WAITS = WITH_TARGET.and_then(ASKED)
LATER = TODAY + timedelta(days=30)


def agree(kpi: Given, today: date = TODAY, actor: str = "person:boris") -> Outcome:
    """Somebody else than anna, who asks in every history, says yes."""
    return kpi.when(AgreeKpiChange(), today=today, actor=actor)


def target(value: int, first: date, last: date | None = None) -> KpiTarget:
    """At most so much from a day to a day."""
    return KpiTarget(kind="at_most", target=Decimal(value), effective_from=first, effective_to=last)


def asking(*targets: KpiTarget, backdated: bool = False) -> Given:
    """The KPI with its first target, and others that were asked for together."""
    changes = [KpiTargetSet(new=new, old=FIRST, backdated=backdated) for new in targets]
    return WITH_TARGET.and_then(KpiChangeProposed(changes=as_pending(changes)))


def test_a_target_moves_when_somebody_else_approves() -> None:
    WITH_TARGET.when(MOVE, policies=ASKS).refused("reason_required", "invalid", "/reason")
    state: Kpi = WITH_TARGET.when(MOVE, reason="인력 부족", policies=ASKS).then(ASKED)
    assert state.targets == (FIRST,)
    assert state.waiting is not None
    assert (state.waiting.by, state.waiting.agreed_by) == ("person:anna", ())
    agreed = agree(WAITS).then(KpiChangeAgreed(), KpiTargetSet(new=MOVED, old=FIRST))
    assert (agreed.target_on(TODAY), agreed.waiting) == (MOVED, None)


def test_nobody_approves_what_they_asked_for() -> None:
    refusal = agree(WAITS, actor="person:anna").refused("own_change")
    assert refusal.allowed == ["set_target", "send_back"]


def test_it_is_sent_back_or_taken_back_with_a_reason() -> None:
    for actor in ("person:anna", "person:boris"):
        WAITS.when(SendBackKpiChange(), actor=actor).refused("reason_required", "invalid", "/reason")
        state = WAITS.when(SendBackKpiChange(), reason="지금은 이릅니다", actor=actor).then(
            KpiChangeSentBack()
        )
        assert (state.targets, state.waiting) == ((FIRST,), None)


@pytest.mark.parametrize("command", [AgreeKpiChange(), SendBackKpiChange()])
def test_where_nothing_waits_there_is_nothing_to_decide(command: AgreeKpiChange | SendBackKpiChange) -> None:
    refusal = WITH_TARGET.when(command, reason="x").refused("nothing_waits")
    assert refusal.allowed == ["set_target"]


@pytest.mark.parametrize(
    ("kpi", "first", "last"),
    [
        (KPI, TODAY, None),
        (KPI, date(2025, 1, 1), None),
        (WITH_TARGET, date(2025, 1, 1), TODAY - timedelta(days=1)),
        (KPI.and_then(KpiTargetSet(new=target(24, TODAY, date(2025, 12, 31)))), date(2026, 1, 1), None),
    ],
)
def test_a_target_for_days_that_had_none_changes_nothing(kpi: Given, first: date, last: date | None) -> None:
    """A KPI's first one, and next year's, hold at once."""
    new = target(20, first, last)
    kpi.when(SetKpiTarget(**new.model_dump()), reason="계획", policies=ASKS).then(
        KpiTargetSet(new=new, backdated=first < TODAY)
    )


@pytest.mark.parametrize(
    "policies",
    [
        Policies(),
        Policies([Policy(id="kpi", versions=(ASKING, DEFAULTS["kpi"]))]),
        Policies(
            [
                Policy(
                    id="okr", versions=(DEFAULTS["okr"].model_copy(update={"approve_target_changes": True}),)
                )
            ]
        ),
    ],
)
def test_it_moves_at_once_where_the_newest_kpi_policy_asks_for_nothing(policies: Policies) -> None:
    """A KPI belongs to no cycle: what an open one pins says nothing of it."""
    pins = QUARTER.model_copy(update={"policies": PolicyVersions(kpi=1)})
    WITH_TARGET.when(MOVE, reason="x", policies=policies, cycle=pins).then(KpiTargetSet(new=MOVED, old=FIRST))


@pytest.mark.parametrize("policies", [ASKS, Policies()])
def test_only_who_asked_adds_to_what_waits(policies: Policies) -> None:
    """What is asked for again is there already; another figure comes after it, the one of now too.

    Also when a newer policy asks for nothing.
    """
    WAITS.when(MOVE, reason="x", policies=policies).then()
    back = SetKpiTarget(kind="at_most", target=FIRST.target)
    state: Kpi = WAITS.when(back, reason="x", policies=policies).then(
        KpiChangeProposed(changes=as_pending([KpiTargetSet(new=FIRST, old=MOVED)]))
    )
    assert state.waiting is not None
    assert len(state.waiting.changes) == 2
    refusal = WAITS.when(back, reason="x", policies=policies, actor="person:boris").refused("change_waits")
    assert refusal.allowed == ["agree", "send_back"]


def test_waiting_makes_no_target_hold_from_an_earlier_day() -> None:
    """Unless a day in the past was asked for: then everybody knew."""
    clamped = MOVED.model_copy(update={"effective_from": LATER})
    agree(WAITS, LATER).then(KpiChangeAgreed(), KpiTargetSet(new=clamped, old=FIRST))
    day = TODAY - timedelta(days=9)
    past = target(30, day, date(2025, 3, 1))
    agree(asking(past, backdated=True), LATER).then(KpiChangeAgreed(), KpiTargetSet(new=past, backdated=True))
    ahead = target(30, LATER + timedelta(days=1))
    agree(asking(ahead), LATER).then(KpiChangeAgreed(), KpiTargetSet(new=ahead, old=FIRST))


def test_several_targets_are_made_in_their_order() -> None:
    march, april = target(30, date(2025, 3, 1), date(2025, 3, 31)), target(31, date(2025, 3, 20))
    agree(asking(march, april)).then(
        KpiChangeAgreed(), KpiTargetSet(new=march, old=FIRST), KpiTargetSet(new=april, old=march)
    )


def test_a_target_whose_days_are_over_is_sent_back() -> None:
    refusal = agree(asking(target(30, TODAY, LATER)), LATER + timedelta(days=1)).refused("change_too_late")
    assert refusal.allowed == ["send_back"]
    agree(asking(target(30, TODAY, LATER)), LATER).then(
        KpiChangeAgreed(), KpiTargetSet(new=target(30, LATER, LATER), old=FIRST)
    )


def test_a_cycle_that_was_closed_meanwhile_counts() -> None:
    """What was asked for within it is refused; what would begin after it is not."""
    closed = QUARTER.model_copy(update={"status": "closed"})
    past, over = target(30, TODAY - timedelta(days=9)), QUARTER.end + timedelta(days=1)
    asking(past, backdated=True).when(
        AgreeKpiChange(), actor="person:boris", today=over, cycles=(closed,)
    ).refused("cycle_closed")
    assert WAITS.when(AgreeKpiChange(), actor="person:boris", today=over, cycles=(closed,)).refusal is None


def test_what_happened_meanwhile_counts() -> None:
    """A new name, and that the KPI is retired: then nothing waits any longer."""
    old = state_after("kpi", *KPI.history).definition
    new = old.model_copy(update={"name_ko": "답변 시간"})
    WAITS.when(RedefineKpi(name_ko="답변 시간"), reason="x").then(KpiRedefined(old=old, new=new))
    agree(WAITS.and_then(KpiRedefined(old=old, new=new))).then(
        KpiChangeAgreed(), KpiTargetSet(new=MOVED, old=FIRST)
    )
    assert WAITS.when(RetireKpi(), reason="x").then(KpiRetired()).waiting is None
    agree(WAITS.and_then(KpiRetired())).refused("kpi_retired")
