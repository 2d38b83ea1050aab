"""Key results directly on a unit."""

from decimal import Decimal

from events.ids import direct_key_results_id
from events.measures import Measure
from events.objectives.commands import (
    AddKeyResult,
    ChangeObjectiveOrgUnit,
    ChangeSupports,
    EnsureContainer,
    RewordObjective,
)
from events.objectives.events import DIRECT_TITLE, ObjectiveDrafted, ObjectiveSupportsChanged
from tests.events.given import QUARTER, SALES_TEAM, given

HOLD = EnsureContainer(org_unit="sales", cycle="2025-q1")
HELD = ObjectiveDrafted(
    title=DIRECT_TITLE, cycle="2025-q1", org_unit="sales", ambition="stretch", direct=True
)


def test_the_first_key_result_begins_what_holds_them() -> None:
    """Nobody words it; the next one finds it."""
    assert given("objective").when(HOLD).then(HELD).direct
    given("objective", HELD).when(HOLD).then()
    measure = Measure(kind="at_least", target=Decimal(10), unit="count")
    added = given("objective", HELD).when(AddKeyResult(title="신규 리드 10건", measure=measure))
    assert added.events


def test_unit_and_cycle_are_there_and_go_on() -> None:
    for history in ((), (HELD,)):
        asked = given("objective", *history)
        asked.when(HOLD, org_unit=None).refused("org_unit_unknown", "not_found")
        asked.when(HOLD, cycle=None).refused("cycle_unknown", "invalid", "/cycle")
        ended = SALES_TEAM.model_copy(update={"archived": True})
        asked.when(HOLD, org_unit=ended).refused("org_unit_archived")
        closed = QUARTER.model_copy(update={"status": "closed"})
        asked.when(HOLD, cycle=closed).refused("cycle_closed")


def test_it_is_the_units_and_has_no_words_of_its_own() -> None:
    """What its key results are for can be said all the same."""
    held = given("objective", HELD)
    held.when(RewordObjective(title="다른 말")).refused("objective_direct")
    held.when(ChangeObjectiveOrgUnit(org_unit=None)).refused("objective_direct")
    held.when(ChangeSupports(supports=("growth",))).then(ObjectiveSupportsChanged(new=("growth",)))


def test_each_unit_and_cycle_has_one() -> None:
    ids = {
        direct_key_results_id(*names)
        for names in [
            ("acme", "sales", "2025-q1"),
            ("acme", "sales", "2025-q2"),
            ("acme", "crm", "2025-q1"),
            ("other", "sales", "2025-q1"),
        ]
    }
    assert len(ids) == 4
    assert direct_key_results_id("acme", "sales", "2025-q1") in ids
