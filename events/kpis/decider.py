"""The rules of a KPI: what it measures stays, how it is read may change, targets hold for days."""

from datetime import date

from pydantic import ValidationError

from events.context import Context
from events.cycles.decider import require_days_not_closed, require_not_closed
from events.envelope import Event
from events.errors import Refused
from events.kpis.approval import WAITS, as_proposed, asked, defer, needs_approval, send_back, waiting_of
from events.kpis.commands import (
    AgreeKpiChange,
    DefineKpi,
    RedefineKpi,
    RetireKpi,
    SendBackKpiChange,
    SetKpiTarget,
)
from events.kpis.definition import (
    AGGREGATIONS,
    COUNTING,
    Counting,
    KpiDefinition,
    KpiTarget,
    ReadingKind,
)
from events.kpis.events import (
    KpiChangeAgreed,
    KpiChangeProposed,
    KpiChangeSentBack,
    KpiDefined,
    KpiRedefined,
    KpiRetired,
    KpiTargetSet,
)
from events.kpis.relative_targets import target_of
from events.kpis.state import Kpi
from events.measures import Aggregation, refused
from events.org_units.decider import require_org_unit
from events.pending_approval import check_not_own, with_more
from events.policies.reward_link import check_reward
from events.registry import EventData
from events.state import beginning, existing

KpiCommand = DefineKpi | RedefineKpi | SetKpiTarget | AgreeKpiChange | SendBackKpiChange | RetireKpi

CLEARABLE = frozenset({"perspective", "leading", "owner", "org_unit", "serves", "serves_why", "reward"})
"""Parts of a definition that may be empty."""

PURPOSE = ("serves", "serves_why")
"""Parts of a definition that are there together or not at all."""


def decide(command: KpiCommand, state: Kpi | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event."""
    context.check_reason()
    context.check_people()
    if isinstance(command, DefineKpi):
        return _define(command, state, context)
    if state is None:
        raise Refused("kpi_unknown", "there is no such KPI", "없는 KPI입니다", kind="not_found")
    if state.retired:
        raise Refused(
            "kpi_retired", f"the KPI {state.id} is retired", f"KPI {state.id} 관리가 이미 끝났습니다"
        )
    match command:
        case RedefineKpi():
            return _redefine(command, state, context)
        case SetKpiTarget():
            return _set_target(command, state, context)
        case AgreeKpiChange():
            return _agree(state, context)
        case SendBackKpiChange():
            return send_back(state, context)
        case RetireKpi():
            context.require_reason()
            return [KpiRetired()]


def _define(command: DefineKpi, state: Kpi | None, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused(
            "kpi_exists",
            f"there is a KPI {state.id} already",
            f"KPI {state.id} 아이디가 이미 있습니다",
            allowed=["redefine"],
        )
    _check_aggregation(command.kind, command.aggregation)
    if command.org_unit is not None:
        require_org_unit(context, pointer="/org_unit")
    said = command.model_dump()
    defined = KpiDefined(**said | {"name_en": command.name_en or command.name_ko})
    _check_purpose(defined, context)
    check_reward(defined.reward, context.policies.newest("kpi"))
    return [defined]


def _redefine(command: RedefineKpi, state: Kpi, context: Context) -> list[EventData]:
    old = state.definition
    said = {
        field: getattr(command, field)
        for field in command.model_fields_set & KpiDefinition.model_fields.keys()
        if field in CLEARABLE or getattr(command, field) is not None
    }
    # A purpose that is not shown to who asks stays, unless another one takes its place.
    unseen = {field: getattr(old, field) for field in PURPOSE if old.serves in context.unseen}
    new = KpiDefinition(**old.model_dump() | dict.fromkeys(unseen) | said)
    _check_purpose(new, context)
    if new.serves is None:
        new = new.model_copy(update=unseen)
    if command.effective_from is not None and not COUNTING & command.model_fields_set:
        raise Refused(
            "day_of_nothing",
            "effective_from is the day from which aggregation, cadence or empty are another",
            "effective_from은 aggregation, cadence, empty가 바뀌는 날짜입니다",
            kind="invalid",
            pointer="/effective_from",
        )
    day = _counts_anew_from(command.effective_from or context.today, new, state)
    if new == old and day is None:
        return []
    if day is not None:
        _check_counting_day(day, context)
    context.require_reason()
    _check_aggregation(state.kind, new.aggregation)
    if new.reward != old.reward:
        check_reward(new.reward, context.policies.newest("kpi"))
    if new.org_unit is not None and new.org_unit != old.org_unit:
        require_org_unit(context, pointer="/org_unit")
    backdated = day is not None and day < context.today
    return [KpiRedefined(old=old, new=new, effective_from=day, backdated=backdated)]


def _counts_anew_from(day: date, new: KpiDefinition, state: Kpi) -> date | None:
    """Return the day from which readings are to count as defined; None if they do, on it and ever since."""
    later = [turn for turn in state.turns() if turn > day]
    held = [state.as_on(each) for each in (day, *later)]
    same = all(getattr(new, field) == getattr(then, field) for then in held for field in COUNTING)
    return None if same else day


def _check_counting_day(day: date, context: Context) -> None:
    """Refuse to count in another way from a day that is to come, or that lies in a closed cycle."""
    context.check_has_come(day, pointer="/effective_from")
    for cycle in context.measured_cycles:
        if day <= cycle.end:
            require_not_closed(cycle)


def _set_target(command: SetKpiTarget, state: Kpi, context: Context) -> list[EventData]:
    new = target_of(command, state, context)
    approval = needs_approval(state, context)
    known = as_proposed(state) if approval else state
    changes = _target_set(new, known, context)
    # A target for days that have none yet is a plan, which nobody approves; any other moves a goalpost.
    moves = any(target.overlaps(new) for target in known.targets)
    if changes and (moves or changes[0].backdated):
        context.require_reason()
    return defer(changes, state, context) if approval and moves else [*changes]


def _agree(state: Kpi, context: Context) -> list[EventData]:
    """Return the events of an approval. Targets hold from today on: waiting makes none hold from before."""
    check_not_own(waiting_of(state), context.actor, WAITS)
    made: list[EventData] = [KpiChangeAgreed()]
    for waits in asked(state):
        new = waits.new
        if not waits.backdated:
            new = new.model_copy(update={"effective_from": max(new.effective_from, context.today)})
        if new.effective_to is not None and new.effective_to < new.effective_from:
            raise Refused(
                "change_too_late",
                f"the days that the target was asked for are over since {new.effective_to}: send it back",
                f"요청한 목표치의 기간이 {new.effective_to}에 이미 끝났습니다. 돌려보내십시오",
                allowed=["send_back"],
            )
        for change in _target_set(new, state, context):
            made.append(change)
            state = state.model_copy(update={"targets": (*state.targets, change.new)})
    return made


def _target_set(new: KpiTarget, state: Kpi, context: Context) -> list[KpiTargetSet]:
    """Return the event that sets a target, none if it holds already. Refuses one that contradicts itself."""
    if new.effective_to is not None and new.effective_to < new.effective_from:
        raise Refused(
            "target_dates",
            "a target cannot end before it begins",
            "목표치의 종료일이 시작일보다 빠를 수 없습니다",
            kind="invalid",
            pointer="/effective_to",
        )
    try:
        new.measure(state.unit).check_start(state.aggregation, "/target")
    except ValidationError as error:
        raise refused(error, "/target") from None
    replaced = [target for target in state.targets if target.overlaps(new)]
    if replaced and replaced[-1].says_the_same(new):
        return []
    require_days_not_closed(
        context.cycles, new.effective_from, new.effective_to, context.today, pointer="/effective_from"
    )
    backdated = new.effective_from < context.today
    return [KpiTargetSet(new=new, old=state.target_on(new.effective_from), backdated=backdated)]


def _check_purpose(definition: KpiDefinition, context: Context) -> None:
    """Refuse to serve, or to be watched with, what does not exist, and to serve a goal without saying how."""
    if (definition.serves is None) != (definition.serves_why is None):
        raise Refused(
            "serves_needs_why",
            "a KPI that serves a goal says in one sentence how, and only such a KPI does",
            "serves와 그 이유(serves_why)는 함께 쓰십시오",
            kind="invalid",
            pointer="/serves_why",
        )
    if context.unknown:
        missing = ", ".join(sorted(context.unknown))
        raise Refused(
            "kpi_purpose_unknown",
            f"there is no such objective, key result or other KPI: {missing}",
            f"없는 목표·핵심 결과·다른 KPI입니다: {missing}",
            kind="invalid",
            pointer="/serves" if definition.serves in context.unknown else "/counter_metrics",
        )


def _check_aggregation(kind: ReadingKind, aggregation: Aggregation) -> None:
    if aggregation not in AGGREGATIONS[kind]:
        choice = ", ".join(AGGREGATIONS[kind])
        raise Refused(
            "aggregation_does_not_fit",
            f"readings of kind {kind} are brought together by {choice}, not by {aggregation}",
            f"{kind} 실적의 집계는 {choice}만 쓸 수 있습니다({aggregation} 불가)",
            kind="invalid",
            pointer="/aggregation",
        )


def require_kpi(context: Context, unit: str, *, pointer: str) -> Kpi:
    """Return the KPI to link. Refuses one that does not exist, is retired or measures in another unit."""
    kpi = context.kpi
    if kpi is None:
        raise Refused(
            "kpi_unknown", "there is no such KPI", "없는 KPI입니다", kind="invalid", pointer=pointer
        )
    if kpi.retired:
        raise Refused(
            "kpi_retired",
            f"the KPI {kpi.id} is retired",
            f"KPI {kpi.id} 관리가 이미 끝났습니다",
            pointer=pointer,
        )
    # Percent is not percentage points, and won are not dollars.
    if kpi.unit != unit:
        raise Refused(
            "unit_differs",
            f"the key result is measured in {unit}, the KPI {kpi.id} in {kpi.unit}",
            f"핵심 결과의 단위는 {unit}, KPI {kpi.id}의 단위는 {kpi.unit}입니다",
            kind="invalid",
            pointer=pointer,
        )
    return kpi


def _redefined(before: Kpi, redefined: KpiRedefined) -> Kpi:
    new, since = redefined.new, redefined.effective_from
    counted = before.counted or (_counting(redefined.old, None),)
    if since is not None:
        counted = (*counted, _counting(new, since))
    elif _counting(new, None) != _counting(redefined.old, None):
        counted = ()  # said before such changes had a day
    return before.model_copy(
        update={**dict(new), "counted": counted if len(counted) > 1 else ()},
    )


def _counting(definition: KpiDefinition, since: date | None) -> Counting:
    return Counting(effective_from=since, **{field: getattr(definition, field) for field in COUNTING})


def evolve(state: Kpi | None, event: Event) -> Kpi:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case KpiDefined() as defined:
            return Kpi(id=beginning(state, event), **defined.model_dump())
        case KpiRedefined() as redefined:
            return _redefined(existing(state, event), redefined)
        case KpiTargetSet() as target_set:
            before = existing(state, event)
            return before.model_copy(update={"targets": (*before.targets, target_set.new)})
        case KpiRetired():
            # What nobody approved by then never took effect.
            return existing(state, event).model_copy(update={"retired": True, "waiting": None})
        case KpiChangeProposed(changes=changes):
            before = existing(state, event)
            waiting = with_more(before.waiting, event.actor, changes)
            return before.model_copy(update={"waiting": waiting})
        case KpiChangeAgreed() | KpiChangeSentBack():
            return existing(state, event).model_copy(update={"waiting": None})
        case _:
            return existing(state, event)
