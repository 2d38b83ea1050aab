"""The rules of a cycle: planned → open ⇄ closed."""

from datetime import date, timedelta

import pytest

from events.commands import Command
from events.cycles.commands import AdoptPolicy, CloseCycle, OpenCycle, PlanCycle, ReopenCycle
from events.cycles.events import CycleClosed, CycleOpened, CyclePlanned, CyclePolicyAdopted, CycleReopened
from events.policies.defaults import DEFAULTS
from events.policies.rules import PolicyVersions
from events.policies.state import Policies, Policy
from events.registry import EventData
from tests.events.given import given, state_after

START, END = date(2025, 1, 1), date(2025, 3, 31)
AFTER = END + timedelta(days=1)
PLANNED = CyclePlanned(name="2025년 1분기", start=START, end=END, kind="quarter")
OPENED = given("cycle", PLANNED, CycleOpened())
CLOSED = OPENED.and_then(CycleClosed())


def test_a_cycle_is_planned_opened_closed_and_reopened() -> None:
    plan = PlanCycle(name="2025년 1분기", start=START, end=END, kind="quarter")
    assert given("cycle").when(plan).then(PLANNED).status == "planned"
    assert given("cycle", PLANNED).when(OpenCycle()).then(CycleOpened()).status == "open"
    assert OPENED.when(CloseCycle(), today=AFTER).then(CycleClosed()).status == "closed"
    assert CLOSED.when(ReopenCycle(), reason="실적 누락").then(CycleReopened()).status == "open"


@pytest.mark.parametrize(("start", "end"), [(END, START), (START, START + timedelta(days=1100))])
def test_a_cycle_has_days(start: date, end: date) -> None:
    plan = PlanCycle(name="x", start=start, end=end, kind="other")
    given("cycle").when(plan).refused("cycle_dates", "invalid", "/end")


def test_a_cycle_may_be_one_day_long() -> None:
    plan = PlanCycle(name="x", start=START, end=START, kind="other")
    given("cycle").when(plan).then(CyclePlanned(name="x", start=START, end=START, kind="other"))


def test_closing_before_the_last_day_is_over_needs_a_reason() -> None:
    OPENED.when(CloseCycle(), today=END).refused("reason_required", "invalid", "/reason")
    OPENED.when(CloseCycle(), reason="조직 개편", today=END).then(CycleClosed())


def test_reopening_needs_a_reason() -> None:
    CLOSED.when(ReopenCycle(), reason="  ").refused("reason_required", "invalid", "/reason")


@pytest.mark.parametrize(
    ("history", "command", "code", "allowed"),
    [
        ([PLANNED], CloseCycle(), "cycle_not_open", ["open"]),
        ([PLANNED], AdoptPolicy(framework="okr"), "cycle_not_open", ["open"]),
        ([PLANNED], ReopenCycle(), "cycle_not_closed", ["open"]),
        ([PLANNED, CycleOpened()], OpenCycle(), "cycle_not_planned", ["adopt_policy", "close"]),
        ([PLANNED, CycleOpened(), CycleClosed()], CloseCycle(), "cycle_not_open", ["reopen"]),
        ([PLANNED], PlanCycle(name="x", start=START, end=END, kind="other"), "cycle_exists", ["open"]),
    ],
)
def test_a_step_out_of_turn_says_which_steps_there_are(
    history: list[EventData], command: Command, code: str, allowed: list[str]
) -> None:
    assert given("cycle", *history).when(command, reason="x", today=AFTER).refused(code).allowed == allowed


def test_what_was_never_planned_has_no_steps() -> None:
    given("cycle").when(OpenCycle()).refused("cycle_unknown", "not_found")


POLICIES = Policies([Policy(id="okr", versions=(DEFAULTS["okr"],) * 3, since=(START,) * 3)])


def test_a_cycle_that_opens_when_it_is_over_pins_the_newest_policies_and_says_so() -> None:
    """Those of its last day judged it until then: what was set later changed no final figure."""
    policies = Policies([Policy(id="okr", versions=(DEFAULTS["okr"],) * 3, since=(START, END, AFTER))])
    planned = given("cycle", PLANNED)
    assert policies.pinned("okr", state_after("cycle", PLANNED)).version == 2
    pinned = PolicyVersions(okr=3)
    opened = planned.when(OpenCycle(), policies=policies, today=AFTER)
    opened.then(CycleOpened(policies=pinned, backdated=True))
    unchanged = Policies([Policy(id="okr", versions=(DEFAULTS["okr"],) * 2, since=(START, END))])
    late = planned.when(OpenCycle(), policies=unchanged, today=AFTER)
    late.then(CycleOpened(policies=PolicyVersions(okr=2)))


def test_a_cycle_pins_the_policies_when_it_opens() -> None:
    """Versions that are set later do not touch it."""
    opened = given("cycle", PLANNED).when(OpenCycle(), policies=POLICIES)
    assert opened.then(CycleOpened(policies=PolicyVersions(okr=3))).policies == PolicyVersions(okr=3)


def test_adopting_another_version_keeps_both_on_record() -> None:
    """The newest one unless another is named; an older one too. The other frameworks keep theirs."""
    opened = given("cycle", PLANNED, CycleOpened(policies=PolicyVersions(okr=1, mbo=2)))
    newest = opened.when(AdoptPolicy(framework="okr"), reason="구간 합의", policies=POLICIES)
    state = newest.then(CyclePolicyAdopted(framework="okr", old=1, new=3))
    assert state.policies == PolicyVersions(okr=3, mbo=2)
    built_in = opened.when(AdoptPolicy(framework="okr", version=0), reason="되돌림", policies=POLICIES)
    built_in.then(CyclePolicyAdopted(framework="okr", old=1, new=0))
    opened.when(AdoptPolicy(framework="okr", version=1), policies=POLICIES).then()


def test_adopting_needs_a_reason_and_a_version_that_there_is() -> None:
    silent = OPENED.when(AdoptPolicy(framework="okr"), policies=POLICIES)
    silent.refused("reason_required", "invalid", "/reason")
    unknown = OPENED.when(AdoptPolicy(framework="okr", version=4), reason="x", policies=POLICIES)
    unknown.refused("policy_version_unknown", "invalid", "/version")


def test_a_closed_cycle_keeps_its_policies() -> None:
    refused = CLOSED.when(AdoptPolicy(framework="okr"), reason="x", policies=POLICIES).refused("cycle_closed")
    assert refused.allowed == ["reopen_cycle"]


def test_a_cycle_that_was_opened_before_there_were_policies_has_the_built_in_ones() -> None:
    assert CycleOpened.model_validate({}) == CycleOpened(policies=PolicyVersions(okr=0, kpi=0, mbo=0))
