"""Made-up ledgers: goal events and readings in any order, with corrections, retractions and late readings."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from events.conversations.events import ActionAgreed, ConversationOpened
from events.cycles.events import CycleOpened, CyclePlanned, CyclePolicyAdopted
from events.envelope import Event, encode
from events.feedback.events import FeedbackGiven, FeedbackRedacted
from events.ids import Aggregate, confirmation_id, event_id, ledger_subject, reading_id, revision_id
from events.initiatives.events import InitiativePlanned, InitiativeReplanned, InitiativeStarted
from events.initiatives.plan import InitiativePlan
from events.kpis.definition import AGGREGATIONS, KpiDefinition, KpiTarget
from events.kpis.events import (
    KpiChangeAgreed,
    KpiChangeProposed,
    KpiChangeSentBack,
    KpiDefined,
    KpiRedefined,
    KpiTargetSet,
)
from events.measures import Measure
from events.objectives.agreement_events import (
    ObjectiveChangeAgreed,
    ObjectiveChangeAgreedFor,
    ObjectiveChangeProposed,
    ObjectiveChangeSentBack,
)
from events.objectives.events import (
    ObjectiveActivated,
    ObjectiveAgreed,
    ObjectiveClosed,
    ObjectiveCycleChanged,
    ObjectiveDrafted,
    ObjectiveGraded,
    ObjectiveOwnerChanged,
    ObjectiveProposed,
    ObjectiveReopened,
    ObjectiveReviewerChanged,
    ObjectiveSupportsChanged,
)
from events.objectives.key_result_events import (
    BaselineCorrected,
    CheckedIn,
    KeyResultAdded,
    KeyResultDropped,
    KpiLinked,
    MeasureChanged,
    RangeChanged,
    RelativeResolved,
    StepDone,
    StepReopened,
    TargetChanged,
    TrajectoryDeclared,
    WeightChanged,
)
from events.objectives.trajectory import TrajectoryPoint
from events.org_units.events import OrgUnitCreated, OrgUnitMoved
from events.pending_changes import as_pending
from events.people.events import PersonForgotten, PersonJoinedUnit, PersonLeftUnit, PersonRegistered
from events.policies.defaults import DEFAULTS
from events.policies.events import PolicySet
from events.policies.rules import PolicyVersions
from events.readings.events import (
    ReadingConfirmed,
    ReadingCorrected,
    ReadingDisputed,
    ReadingRecorded,
    ReadingRetracted,
)
from events.recognition.events import RecognitionGiven
from events.registry import EventData, all_types, event_type
from events.relative import CoursePoint, FrozenBase
from events.scorecards.events import ScorecardChanged, ScorecardDrawnUp
from events.scorecards.items import Item
from events.workspace.events import WorkspaceCreated
from services.ledger import StoredMessage

WORKSPACE = "acme"
CYCLE_START, CYCLE_END = date(2026, 1, 1), date(2026, 3, 31)
OTHER_CYCLES = {
    "2026-h1": (CYCLE_START, date(2026, 6, 30)),
    "2026-02": (date(2026, 2, 1), date(2026, 2, 28)),
}
"""Cycles that objectives are moved to: one holds the quarter, one lies in it."""
MOVED = {"kind": "increase", "baseline": "0", "target": "1000", "unit": "each"}
DAYS = {"kind": "decrease", "baseline": "6000", "target": "30", "unit": "days"}
SHARE = {"kind": "at_least", "target": "3000", "grading": "tolerance", "tolerance": "2000", "unit": "share"}
MEASURES = {
    "o3-k1": {
        "kind": "between",
        "target": "100",
        "upper": "6000",
        "grading": "tolerance",
        "tolerance": "500",
        "unit": "each",
    },
    "o3-k2": {
        "kind": "count_of_periods",
        "target": "5",
        "periods": {"of": 10, "each": "at_least", "threshold": "0.2"},
        "unit": "each",
    },
    "o3-k3": {
        "kind": "count_of_periods",
        "target": "20",
        "periods": {"of": 60, "each": "at_most", "threshold": "50"},
        "unit": "each",
    },
    "o3-k4": {
        "kind": "milestone",
        "steps": [{"id": id_, "title": id_, "weight": weight} for id_, weight in (("a", "1"), ("b", "3"))],
    },
    "o3-k5": {
        "kind": "increase",
        "relative": {"amount": "15", "of": "previous_quarter"},
        "unit": "each",
    },
}
"""Of the key results that do not just move from 0 to 1,000."""
KPIS = {
    "sales": ("delta", "sum", "day"),
    "visitors": ("delta", "sum", "month"),
    "orders": ("ratio", "ratio", "week"),
    "price": ("gauge", "last", "week"),
    "delay": ("gauge", "max", "month"),
    "mood": ("gauge", "mean", "month"),
}


@dataclass
class History:
    """A ledger that grows: every call appends events, as one atomic batch, at a server time that moves on."""

    random: Random
    messages: list[StoredMessage] = field(default_factory=list)
    now: datetime = datetime(2026, 1, 5, 9, tzinfo=UTC)
    kpis: dict[str, KpiDefinition] = field(default_factory=dict)
    """As they are defined now."""
    cycle_of: dict[str, str] = field(default_factory=dict)
    """Of the objectives that were moved out of the quarter."""
    _count: int = 0

    def append(self, kind: str, id_: str, *data: EventData, reason: str | None = None) -> None:
        """Goal events of one command."""
        aggregate = Aggregate(kind, id_)
        self._count += 1
        events = [
            Event(
                event_id(WORKSPACE, "person:anna", f"key-{self._count}", n),
                event_type(each),
                WORKSPACE,
                aggregate,
                self.now,
                "person:anna",
                each,
                reason,
                request=f"{self._count:064x}:{len(data)}" if n == 0 else None,
                business_day=self.now.date(),
            )
            for n, each in enumerate(data)
        ]
        self.store(events)

    def store(self, events: Sequence[Event]) -> None:
        """Put events on the ledger as one atomic batch."""
        for n, event in enumerate(events, 1):
            self.now += timedelta(microseconds=self.random.randrange(1, 1000))
            self.put(ledger_subject(WORKSPACE, event.aggregate), encode(event), batch_end=n == len(events))

    def put(self, subject: str, payload: bytes, *, batch_end: bool = True) -> None:
        """Put any bytes on the ledger."""
        self.messages.append(StoredMessage(len(self.messages) + 1, subject, self.now, batch_end, payload))

    def wait(self) -> None:
        """Time goes by: from seconds to days."""
        self.now += timedelta(seconds=self.random.choice([1, 60, 3600, 40_000, 90_000]))


def reading_event(
    kpi: str, source_id: str, observed_at: datetime, numbers: Sequence[Decimal], revision: int = 0
) -> Event:
    """A reading, or a correction of it; two numbers make a ratio."""
    identity = reading_id(WORKSPACE, "erp", kpi, source_id)
    content = hashlib.blake2b(repr((observed_at, numbers)).encode(), digest_size=16).hexdigest()
    fields = {
        "kpi": kpi,
        "feed": "erp",
        "source_id": source_id,
        "observed_at": observed_at,
        "business_day": observed_at.date(),
        "zone": "UTC",
        "tzdata": "2026a",
        "content": content,
        "value": numbers[0] if len(numbers) == 1 else None,
        "numerator": numbers[0] if len(numbers) == 2 else None,
        "denominator": numbers[1] if len(numbers) == 2 else None,
    }
    data: EventData = ReadingRecorded.model_validate(fields)
    if revision:
        data = ReadingCorrected.model_validate(fields | {"reading": identity, "revision": revision})
    return Event(
        revision_id(identity, revision),
        event_type(data),
        WORKSPACE,
        Aggregate("reading", kpi),
        observed_at,
        "feed:erp",
        data,
        "wrong in the source" if revision else None,
    )


def retraction(kpi: str, source_id: str, revision: int) -> Event:
    """A reading that counts no longer."""
    identity = reading_id(WORKSPACE, "erp", kpi, source_id)
    data = ReadingRetracted(kpi=kpi, reading=identity, revision=revision)
    return Event(
        revision_id(identity, revision),
        event_type(data),
        WORKSPACE,
        Aggregate("reading", kpi),
        datetime(2026, 1, 1, tzinfo=UTC),
        "feed:erp",
        data,
        "test data",
    )


def dispute(sent: Event) -> Event:
    """Other content for a reading on record, sent without saying that it is newer."""
    assert isinstance(sent.data, ReadingRecorded)
    data = ReadingDisputed(**sent.data.model_dump(), reading=sent.id)
    return sent._replace(id=revision_id(sent.id, 1000), type=event_type(data), data=data)


def confirmation(sent: Event) -> Event:
    """The content in force, sent again as a newer version."""
    assert isinstance(sent.data, ReadingRecorded)
    said = sent.data
    data = ReadingConfirmed(
        kpi=said.kpi, feed=said.feed, reading=sent.id, content=said.content, source_version=7
    )
    return sent._replace(id=confirmation_id(sent.id, 7), type=event_type(data), data=data)


def goals(history: History) -> None:
    """A workspace with a cycle, KPIs and two objectives."""
    history.append(
        "workspace", WORKSPACE, WorkspaceCreated(name="Acme", zone="Asia/Seoul", default_language="ko")
    )
    history.append(
        "cycle",
        "2026-q1",
        CyclePlanned(name="2026 Q1", start=CYCLE_START, end=CYCLE_END, kind="quarter"),
    )
    for id_, (start, end) in OTHER_CYCLES.items():
        history.append("cycle", id_, CyclePlanned(name=id_, start=start, end=end, kind="other"))
    people(history)
    for version, rules in enumerate([DEFAULTS["mbo"], DEFAULTS["kpi"]], 1):
        history.append(
            "policy", "kpi", PolicySet(version=version, rules=rules), reason="we learned something"
        )
    history.append("cycle", "2026-q1", CycleOpened(policies=PolicyVersions(kpi=1)))
    history.append("cycle", "2026-q1", CyclePolicyAdopted(framework="kpi", old=1, new=2), reason="agreed")
    for id_, (kind, aggregation, cadence) in KPIS.items():
        definition = {
            "name_ko": id_,
            "name_en": id_,
            "unit": "each",
            "kind": kind,
            "aggregation": aggregation,
        }
        defined = KpiDefined.model_validate(definition | {"cadence": cadence, "empty": "missing"})
        history.append("kpi", id_, defined)
        history.kpis[id_] = KpiDefinition(
            **{name: getattr(defined, name) for name in KpiDefinition.model_fields}
        )
    _approved_target(history)
    objectives: list[list[str | None]] = [
        ["sales", "orders", None],
        ["price", "delay", "mood"],
        ["price", "orders", "sales", None, "sales"],
    ]
    for number, kpis in enumerate(objectives, 1):
        objective = f"o{number}"
        taken_over = "o1-k1" if number > 1 else None
        drafted = ObjectiveDrafted(
            title=objective, cycle="2026-q1", ambition="stretch", takes_over=taken_over
        )
        history.append("objective", objective, drafted)
        added = [
            KeyResultAdded(
                key_result=f"{objective}-k{n}",
                title=f"key result {n}",
                measure=Measure.model_validate(MEASURES.get(f"{objective}-k{n}", MOVED)),
                effective_from=CYCLE_START,
                kpi=kpi,
                weight=Decimal(1),
            )
            for n, kpi in enumerate(kpis, 1)
        ]
        history.append("objective", objective, *added)
        history.append("objective", objective, ObjectiveActivated())
    told = FeedbackGiven(to="boris", text="ask the customers first", audience="line", about="objective/o1")
    history.append("feedback", "f1", told)
    history.append("feedback", "f1", FeedbackRedacted())
    thanks = RecognitionGiven(to=("boris", "carla"), text="you asked them all", about="key_result/o1-k1")
    history.append("recognition", "r1", thanks)
    talk = ConversationOpened(parties=("anna", "boris"), agenda="mid-term", audience="line", day=CYCLE_START)
    history.append("conversation", "c1", talk)
    history.append("conversation", "c1", ActionAgreed(action="a1", text="a second visit", owner="boris"))
    plan = InitiativePlan(title="call every customer", owner="anna", supports=("o1-k1",))
    history.append("initiative", "calls", InitiativePlanned(**plan.model_dump()))
    items = (
        Item(kind="kpi", id="sales", weight=Decimal(60)),
        Item(kind="objective", id="o4", weight=Decimal(40)),
    )
    card = ScorecardDrawnUp(cycle="2026-q1", person="p1", items=items)
    history.append("scorecard", "card", card)
    history.append("scorecard", "card", ScorecardChanged(old=items, new=items[::-1]), reason="in this order")

    _agreed_goal(history)


def _agreed_goal(history: History) -> None:
    """An MBO goal with a change that was agreed and one that was sent back."""
    drafted = ObjectiveDrafted(
        title="o4", cycle="2026-q1", ambition="committed", framework="mbo", owner="anna", reviewer="carla"
    )
    measure = Measure.model_validate(MOVED)
    added = KeyResultAdded(
        key_result="o4-k1", title="key result 1", measure=measure, effective_from=CYCLE_START, kpi="sales"
    )
    reviewed = ObjectiveReviewerChanged(old="carla", new="boris")
    for data in (drafted, added, reviewed, ObjectiveProposed(), ObjectiveAgreed(), ObjectiveActivated()):
        history.append("objective", "o4", data)
    moved = TargetChanged(
        key_result="o4-k1", old=measure.target, new=Decimal(900), effective_from=CYCLE_START
    )
    proposed = ObjectiveChangeProposed(changes=as_pending([moved]))
    history.append("objective", "o4", proposed, reason="the market shrank")
    history.append("objective", "o4", ObjectiveChangeAgreed(takes_effect=False))
    history.append("objective", "o4", ObjectiveChangeAgreed(takes_effect=True), moved)
    history.append("objective", "o4", proposed, reason="and again")
    history.append("objective", "o4", ObjectiveChangeAgreedFor(takes_effect=False, person="boris"))
    history.append("objective", "o4", ObjectiveChangeSentBack(), reason="no")
    owned, back = ObjectiveOwnerChanged(old="anna", new="p1"), ObjectiveOwnerChanged(old="p1", new="anna")
    for change, answer in (
        (owned, [ObjectiveChangeSentBack()]),
        (owned, [ObjectiveChangeAgreed(takes_effect=True), owned]),
        (back, [ObjectiveChangeAgreedFor(takes_effect=True, person="boris"), back]),
    ):
        # Whoever would be a party sees the goal while the change waits.
        history.append(
            "objective", "o4", ObjectiveChangeProposed(changes=as_pending([change])), reason="she moved"
        )
        history.append("objective", "o4", *answer, reason="it is hers")


def _approved_target(history: History) -> None:
    """A target of a KPI, one that was approved in its place and one that was sent back."""
    first = KpiTarget(kind="at_least", target=Decimal(800), effective_from=CYCLE_START)
    moved = KpiTargetSet(new=first.model_copy(update={"target": Decimal(900)}), old=first)
    proposed = KpiChangeProposed(changes=as_pending([moved]))
    history.append("kpi", "sales", KpiTargetSet(new=first))
    history.append("kpi", "sales", proposed, reason="the market grew")
    history.append("kpi", "sales", KpiChangeAgreed(), moved)
    history.append("kpi", "sales", proposed, reason="and again")
    history.append("kpi", "sales", KpiChangeSentBack(), reason="no")


def everything_else(history: History) -> None:
    """Every type of event that nothing else in a quarter brings about, on goals of their own."""
    sales = {
        "name_ko": "매출",
        "name_en": "sales",
        "aggregation": "sum",
        "cadence": "day",
        "empty": "missing",
    }
    added = KeyResultAdded(
        key_result="o5-k1",
        title="k1",
        measure=Measure.model_validate(MOVED),
        effective_from=CYCLE_START,
        kpi="sales",
    )
    drafted = ObjectiveDrafted(title="o5", cycle="2026-q1", ambition="stretch")
    history.append("objective", "o5", drafted, added)
    history.append("objective", "o3", _resolution(history.random))
    target = {"kind": "at_least", "target": "1000", "effective_from": "2026-03-01"}
    told: list[tuple[str, str, str, dict[str, object]]] = [
        ("access", "t1", "access.token_issued", {"holder": "person:anna", "role": "viewer"}),
        ("access", "t1", "access.token_revoked", {}),
        ("access", "t2", "access.token_requested", {"holder": "person:carla", "role": "viewer"}),
        ("access", "t2", "access.token_approved", {"holder": "person:carla", "role": "viewer"}),
        ("access", "t2", "access.token_text_replaced", {"token_sha256": "ab" * 32}),
        ("feed", "erp", "feed.registered", {"name": "ERP", "declaration": {}}),
        ("feed", "erp", "feed.changed", {"old": {}, "new": {"zone": "UTC"}}),
        ("conversation", "c1", "conversation.noted", {"words": "n1", "text": "we agree"}),
        ("conversation", "c1", "conversation.reworded", {"words": "n1", "text": "we agreed"}),
        ("conversation", "c1", "conversation.redacted", {"words": "n1"}),
        ("conversation", "c1", "conversation.action_done", {"action": "a1"}),
        ("conversation", "c1", "conversation.action_reopened", {"action": "a1"}),
        ("conversation", "c1", "conversation.audience_narrowed", {"old": "line", "new": "parties"}),
        ("feedback", "f1", "feedback.reworded", {"text": "ask them"}),
        ("feedback", "f1", "private_text.read", {"parties": ["anna", "boris"]}),
        ("recognition", "r1", "recognition.reworded", {"text": "thank you"}),
        ("recognition", "r1", "recognition.redacted", {}),
        ("initiative", "calls", "initiative.finished", {"title": "call", "supports": ["o1-k1"]}),
        ("initiative", "calls", "initiative.reopened", {"title": "call", "supports": ["o1-k1"]}),
        ("initiative", "calls", "initiative.dropped", {"title": "call", "supports": ["o1-k1"]}),
        (
            "org_unit",
            "growth",
            "org_unit.renamed",
            {"old_ko": "a", "new_ko": "b", "old_en": "a", "new_en": "b"},
        ),
        ("org_unit", "growth", "org_unit.archived", {}),
        ("person", "p1", "person.renamed", {"name": "enc:1:…"}),
        ("person", "p1", "person.mail_changed", {"mail": None}),
        ("person", "p1", "person.lead_requested", {"org_unit": "sales", "effective_from": "2026-03-01"}),
        ("person", "p1", "person.lead_approved", {"org_unit": "sales"}),
        ("person", "p1", "person.lead_refused", {"org_unit": "sales"}),
        ("workspace", WORKSPACE, "workspace.dual_control_off_requested", {}),
        ("workspace", WORKSPACE, "workspace.dual_control_set", {"required": False}),
        (
            "workspace",
            WORKSPACE,
            "workspace.zone_changed",
            {"old": "Asia/Seoul", "new": "UTC", "effective_from": "2026-03-01"},
        ),
        ("objective", "o5", "objective.reworded", {"old": "o5", "new": "objective 5"}),
        ("objective", "o5", "objective.owner_changed", {"new": "anna"}),
        ("objective", "o5", "objective.org_unit_changed", {"new": "sales"}),
        ("objective", "o5", "objective.reward_changed", {"new": {"share": "10"}}),
        ("objective", "o5", "objective.proposed", {}),
        ("objective", "o5", "objective.sent_back", {}),
        ("objective", "o5", "objective.activated", {}),
        ("objective", "o5", "key_result.reworded", {"key_result": "o5-k1", "old": "k1", "new": "one"}),
        ("objective", "o5", "key_result.owner_changed", {"key_result": "o5-k1", "new": "anna"}),
        ("objective", "o5", "key_result.unlinked", {"key_result": "o5-k1", "old": "sales"}),
        ("objective", "o5", "key_result.dropped", {"key_result": "o5-k1"}),
        ("objective", "o5", "objective.graded", {"grade": "0.7"}),
        ("objective", "o5", "objective.closed", {}),
        ("objective", "o5", "objective.reopened", {}),
        ("objective", "o5", "objective.dropped", {}),
        (
            "objective",
            "o3",
            "key_result.step_done",
            {"key_result": "o3-k4", "step": "a", "day": "2026-03-02"},
        ),
        (
            "objective",
            "o3",
            "key_result.step_reopened",
            {"key_result": "o3-k4", "step": "a", "day": "2026-03-03"},
        ),
        ("kpi", "sales", "kpi.redefined", {"old": sales, "new": sales | {"empty": "zero"}}),
        ("kpi", "mood", "kpi.retired", {}),
        ("kpi", "sales", "kpi.change_proposed", {"changes": []}),
        ("kpi", "sales", "kpi.change_agreed", {}),
        ("kpi", "sales", "kpi.change_sent_back", {}),
        ("kpi", "sales", "kpi.target_set", {"new": target}),
        ("cycle", "2026-q1", "cycle.closed", {}),
        ("cycle", "2026-q1", "cycle.reopened", {}),
        ("ledger", "ledger", "ledger.position_waived", {"position": 10**9, "hash": "0" * 32}),
        ("ledger", "restores", "ledger.restored", {"epoch": 2, "cut": 0, "old_head": 1}),
    ]
    models = {entry.name: entry.model for entry in all_types()}
    for kind, id_, name, data in told:
        history.append(kind, id_, models[name].model_validate(data), reason="so it is")


def people(history: History) -> None:
    """Two units; somebody who moves with the team, and somebody who leaves and is forgotten."""
    for id_, parent in (("company", None), ("growth", "company"), ("sales", "company")):
        made = OrgUnitCreated(name_ko=id_, name_en=id_, level="team", parent=parent)
        history.append("org_unit", id_, made)
    joined = PersonJoinedUnit(org_unit="sales", role="lead", effective_from=CYCLE_START)
    for id_ in ("p1", "p2"):
        history.append("person", id_, PersonRegistered(name="enc:1:…", mail=None))
        history.append("person", id_, joined)
    moved = OrgUnitMoved(old="company", new="growth", effective_from=date(2026, 2, 1))
    history.append("org_unit", "sales", moved)
    left = PersonLeftUnit(org_unit="sales", effective_from=CYCLE_START, until=date(2026, 2, 28))
    history.append("person", "p1", left, reason="parental leave")
    history.append("person", "p2", PersonForgotten(), reason="asked for it")
    direct = ObjectiveDrafted(
        title="direct", cycle="2026-q1", org_unit="sales", ambition="stretch", direct=True
    )
    leads = KeyResultAdded(
        key_result="leads",
        title="leads",
        measure=Measure.model_validate(MOVED),
        effective_from=CYCLE_START,
        kpi="visitors",
    )
    history.append("objective", "direct", direct, leads)


def a_quarter(seed: int, steps: int) -> list[StoredMessage]:
    """A quarter in which readings come in, are corrected, moved and retracted, and targets change."""
    random = Random(seed)
    history = History(random)
    goals(history)
    revisions: dict[tuple[str, str], int] = {}
    for step in range(steps):
        if random.random() < 0.3:
            history.wait()
        if random.random() < 0.12:
            _goal_event(history, random)
            continue
        events: list[Event] = []
        for n in range(random.choice([1, 1, 3, 20])):
            known = random.choice(sorted(revisions)) if revisions else None
            if known is not None and random.random() < 0.25:
                revisions[known] += 1
                if random.random() < 0.2:
                    revisions[known] -= 1
                    sent = _reading(random, *known, 0)
                    again = [dispute(sent), confirmation(sent)]
                    events += again if step % 2 else again[::-1]
                elif random.random() < 0.3:
                    events.append(retraction(*known, revisions[known]))
                else:
                    events.append(_reading(random, *known, revisions[known]))
            else:
                fresh = (random.choice(sorted(KPIS)), f"s{step}-{n}")
                revisions[fresh] = 0
                events.append(_reading(random, *fresh, 0))
        history.store(events)
    everything_else(history)
    return history.messages


def _reading(random: Random, kpi: str, source_id: str, revision: int) -> Event:
    day = date(2025, 12, 20) + timedelta(days=random.randrange(100) if random.random() < 0.5 else 20)
    observed_at = datetime.combine(day, time(random.randrange(24), random.randrange(60)), UTC)
    count = 2 if KPIS[kpi][0] == "ratio" else 1
    numbers = [
        Decimal(random.randrange(-500, 10_000)) / Decimal(random.choice([1, 10, 100])) for _ in range(count)
    ]
    return reading_event(kpi, source_id, observed_at, numbers, revision)


def _goal_event(history: History, random: Random) -> None:
    if random.random() < 0.1:
        told = random.choice([_step_fact, _resolution])
        history.append("objective", "o3", told(random), reason="the pilot failed")
        return
    if random.random() < 0.1:
        _redefine(history, random)
        return
    number, k = random.choice([1, 2, 3]), random.choice([1, 2, 3])
    if random.random() < 0.2:
        _move(history, random, f"o{number}")
        return
    id_ = f"o{number}-k{k}"
    # What deciders let through: of 10 periods no more than 10 can be required.
    new = Decimal(random.randrange(1, 11 if id_ in MEASURES else 5000))
    day = CYCLE_START + timedelta(days=random.randrange(90))
    choices: list[EventData] = [
        TargetChanged(key_result=id_, old=Decimal(1000), new=new, effective_from=day),
        TargetChanged(key_result=id_, old=Decimal(1000), new=new, effective_from=day),
        BaselineCorrected(key_result=id_, old=Decimal(0), new=-new),
        WeightChanged(key_result=id_, old=Decimal(1), new=new),
        TrajectoryDeclared(key_result=id_, new=(TrajectoryPoint(day=day, value=new),)),
        KpiLinked(key_result=id_, old=None, new=random.choice(sorted(KPIS))),
        ObjectiveSupportsChanged(old=(), new=("o1", "o1-k1") if number > 1 else ()),
    ]
    if id_ not in MEASURES:
        was, is_ = (Measure.model_validate(measure) for measure in (MOVED, random.choice([DAYS, SHARE])))
        kpi = random.choice([None, *sorted(KPIS)])
        choices.append(MeasureChanged(key_result=id_, old=was, new=is_, effective_from=day, kpi=kpi))
    if id_ == "o3-k1":
        edges = {"old_upper": Decimal(6000), "upper": new + random.randrange(1, 5000)}
        choices.append(RangeChanged(key_result=id_, old=Decimal(100), new=new, effective_from=day, **edges))
    if id_ == "o1-k3":
        choices.append(CheckedIn(key_result=id_, day=day, value=new, confidence=7))
    if random.random() < 0.03:
        choices.append(KeyResultDropped(key_result=id_))
    history.append("objective", f"o{number}", random.choice(choices), reason="we learned something")
    if random.random() < 0.1:
        old = InitiativePlan(title="call every customer", owner="anna", supports=("o1-k1",))
        moved = old.model_copy(update={"supports": (id_,), "due": day})
        history.append("initiative", "calls", InitiativeReplanned(old=old, new=moved), reason="it helps more")
        history.append("initiative", "calls", InitiativeStarted(title=old.title, supports=moved.supports))
    if random.random() < 0.03:
        grade = ObjectiveGraded(grade=Decimal("0.7"), reflection="it was too easy")
        history.append("objective", f"o{number}", grade)
        history.append("objective", f"o{number}", ObjectiveClosed(comment="enough"))
        history.append("objective", f"o{number}", ObjectiveReopened(), reason="a reading was late")


def _redefine(history: History, random: Random) -> None:
    """Readings of a KPI count in another way from a day on, or (as before there was such a day) ever."""
    id_ = random.choice(sorted(KPIS))
    old = history.kpis[id_]
    (aggregations,) = [choice for kind, choice in AGGREGATIONS.items() if kind == KPIS[id_][0]]
    new = old.model_copy(
        update={
            "aggregation": random.choice(aggregations),
            "cadence": random.choice(["day", "week", "month"]),
            "empty": random.choice(["missing", "zero"]),
        }
    )
    history.kpis[id_] = new
    day = random.choice([None, history.now.date(), CYCLE_START + timedelta(days=random.randrange(90))])
    history.append("kpi", id_, KpiRedefined(old=old, new=new, effective_from=day), reason="we count anew")


def _move(history: History, random: Random, objective: str) -> None:
    """An objective is moved to another cycle than it is in."""
    old = history.cycle_of.get(objective, "2026-q1")
    new = random.choice([id_ for id_ in ("2026-q1", *OTHER_CYCLES) if id_ != old])
    starts = OTHER_CYCLES[new][0] if new in OTHER_CYCLES else CYCLE_START
    history.cycle_of[objective] = new
    moved = ObjectiveCycleChanged(old=old, new=new, starts=starts)
    history.append("objective", objective, moved, reason="it takes longer")


def _step_fact(random: Random) -> EventData:
    marked = random.choice([StepDone, StepDone, StepReopened])
    day = CYCLE_START + timedelta(days=random.randrange(90))
    return marked(key_result="o3-k4", step=random.choice(["a", "b"]), day=day)


def _resolution(random: Random) -> EventData:
    start, end = date(2025, 10, 1), date(2025, 12, 31)
    value = Decimal(random.randrange(100, 10_000))
    course = (
        CoursePoint(day=start + timedelta(days=random.randrange(40)), value=value / 4),
        CoursePoint(day=end, value=value),
    )
    base = FrozenBase(
        value=value,
        start=start,
        end=end,
        readings=2,
        first_position=1,
        last_position=2,
        known_position=3,
        course=course,
    )
    return RelativeResolved(key_result="o3-k5", new=value * 2, base=base, effective_from=CYCLE_START)
