"""What an event concerns, so that the trail of anything can be found."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from events.access.events import TokenIssued
from events.envelope import Event
from events.ids import Aggregate
from events.initiatives.events import InitiativeStarted
from events.kpis.definition import KpiDefinition
from events.kpis.events import KpiRedefined
from events.measures import Measure
from events.objectives.events import (
    ObjectiveCycleChanged,
    ObjectiveDrafted,
    ObjectiveOrgUnitChanged,
    ObjectiveSupportsChanged,
)
from events.objectives.key_result_events import KeyResultAdded, KpiLinked, TargetChanged
from events.org_units.events import OrgUnitMoved
from events.readings.events import ReadingRetracted
from events.recognition.events import RecognitionGiven
from events.registry import EventData, UnknownData, event_type
from projections.audit.references import KINDS, about, reference, references

READING = UUID("0b8b7d9e-1111-5222-8333-444455556666")
MEASURE = Measure(kind="at_least", target=Decimal(1), unit="each")
SALES = KpiDefinition(
    name_ko="매출", name_en="Sales", aggregation="sum", cadence="month", empty="missing", org_unit="sales"
)


def event(kind: str, id_: str, data: EventData) -> Event:
    """An event of an aggregate."""
    type_ = "goaltrail.unknown.happened.v1" if isinstance(data, UnknownData) else event_type(data)
    return Event(
        UUID(int=1),
        type_,
        "acme",
        Aggregate(kind, id_),
        datetime(2026, 1, 1, tzinfo=UTC),
        "person:anna",
        data,
    )


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        pytest.param(
            event(
                "objective",
                "o1",
                ObjectiveDrafted(
                    title="…",
                    cycle="2026-q1",
                    org_unit="sales",
                    owner="anna",
                    ambition="stretch",
                    supports=("o0",),
                ),
            ),
            [
                "objective/o1",
                "cycle/2026-q1",
                "org_unit/sales",
                "person/anna",
                "objective/o0",
                "key_result/o0",
            ],
            id="a drafted objective concerns its cycle, unit, owner and what it supports",
        ),
        pytest.param(
            event(
                "objective",
                "o1",
                KeyResultAdded(
                    key_result="k1", title="…", measure=MEASURE, effective_from=date(2026, 1, 1), kpi="sales"
                ),
            ),
            ["objective/o1", "key_result/k1", "kpi/sales"],
            id="a new key result concerns its objective and its KPI",
        ),
        pytest.param(
            event(
                "objective",
                "o1",
                TargetChanged(
                    key_result="k1", old=Decimal(1), new=Decimal(2), effective_from=date(2026, 2, 1)
                ),
            ),
            ["objective/o1", "key_result/k1"],
            id="old and new targets are no ids",
        ),
        pytest.param(
            event("objective", "o1", KpiLinked(key_result="k1", old="visits", new="sales")),
            ["objective/o1", "key_result/k1", "kpi/visits", "kpi/sales"],
            id="a link concerns both KPIs",
        ),
        pytest.param(
            event("objective", "o1", ObjectiveOrgUnitChanged(old=None, new="sales")),
            ["objective/o1", "org_unit/sales"],
            id="a move concerns the unit it goes to",
        ),
        pytest.param(
            event("objective", "o1", ObjectiveCycleChanged(old="q1", new="q2", starts=date(2026, 4, 1))),
            ["objective/o1", "cycle/q1", "cycle/q2"],
            id="a move to another cycle concerns both",
        ),
        pytest.param(
            event("objective", "o1", ObjectiveSupportsChanged(old=("o0",), new=("o2", "k2"))),
            [
                "objective/o1",
                *("objective/o0", "key_result/o0", "objective/o2", "key_result/o2"),
                *("objective/k2", "key_result/k2"),
            ],
            id="what is supported otherwise concerns what it was and what it is",
        ),
        pytest.param(
            event("initiative", "i1", InitiativeStarted(title="…", supports=("k1",))),
            ["initiative/i1", "objective/k1", "key_result/k1"],
            id="a step of an initiative concerns the goals it is for",
        ),
        pytest.param(
            event("recognition", "r1", RecognitionGiven(to=("boris",), text="…", about="key_result/k1")),
            ["recognition/r1", "person/boris", "key_result/k1"],
            id="a recognition concerns whom it is for and what it is about",
        ),
        pytest.param(
            event("org_unit", "sales", OrgUnitMoved(old="korea", new="asia")),
            ["org_unit/sales", "org_unit/korea", "org_unit/asia"],
            id="a unit that moves concerns both parents",
        ),
        pytest.param(
            event(
                "kpi",
                "sales",
                KpiRedefined(old=SALES, new=SALES.model_copy(update={"org_unit": "crm", "serves": "o1"})),
            ),
            ["kpi/sales", "org_unit/sales", "org_unit/crm", "objective/o1", "key_result/o1"],
            id="a KPI that is redefined concerns both units, and the goal that it serves",
        ),
        pytest.param(
            event("reading", "sales", ReadingRetracted(kpi="sales", reading=READING, revision=1)),
            ["kpi/sales", f"reading/{READING}"],
            id="a retraction concerns the KPI and the reading",
        ),
        pytest.param(
            event("access", "t1", TokenIssued(holder="feed:erp", role="feed")),
            ["access/t1", "feed/erp"],
            id="a token concerns its holder",
        ),
        pytest.param(
            event("signal", "s1", UnknownData(raw={"kpi": "sales"})),
            ["signal/s1"],
            id="of an unknown event only the aggregate is known",
        ),
    ],
)
def test_an_event_concerns(happened: Event, expected: list[str]) -> None:
    """The aggregate first, then what the event names."""
    assert about(happened) == expected


def test_a_bare_id_may_mean_anything() -> None:
    """The unit and the KPI `sales` are both found; with its kind one is meant."""
    assert {"kpi/sales", "org_unit/sales"} <= set(references("sales"))
    assert references("kpi/sales") == ["kpi/sales"]


def test_a_slash_alone_makes_no_reference() -> None:
    """Only a kind that exists is taken for one."""
    assert references("a/b") == [reference(kind, "a/b") for kind in KINDS]
