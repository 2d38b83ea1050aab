"""The rules of what people report on key results: check-ins, and steps of a milestone that are done."""

from datetime import date

from events.context import Context
from events.cycles.state import Cycle
from events.errors import Refused
from events.objectives.commands import CheckIn, MarkStepDone, ReopenStep
from events.objectives.key_result_events import CheckedIn, StepDone, StepReopened
from events.objectives.lifecycle import ALLOWED
from events.objectives.refusals import cycle_over
from events.objectives.state import KeyResult, Objective
from events.registry import EventData
from events.text import Text

MOST_CHECK_INS = 1000
"""On one key result: more is a feed, and belongs to a KPI."""
MOST_STEP_FACTS = 1000
"""On one milestone: steps that were done and reopened."""


def report(
    command: CheckIn | MarkStepDone | ReopenStep,
    key_result: KeyResult,
    objective: Objective,
    cycle: Cycle,
    context: Context,
) -> list[EventData]:
    """Return the event of a report on a key result of an active objective."""
    if objective.status != "active":
        raise Refused(
            "objective_not_active",
            "check-ins and steps that are done begin when the objective is active",
            "체크인과 단계 완료는 목표 실행을 시작한 뒤에 남길 수 있습니다",
            allowed=ALLOWED[objective.status],
        )
    if isinstance(command, CheckIn):
        return [_check_in(command, key_result, objective, cycle, context)]
    return _mark_step(command, key_result, objective, cycle, context)


def check_day_in_cycle(day: date, cycle: Cycle, *, pointer: str) -> None:
    """Refuse a day that is not in the cycle."""
    if not cycle.start <= day <= cycle.end:
        raise Refused(
            "day_outside_cycle",
            f"{day} is not in the cycle {cycle.id} ({cycle.start} to {cycle.end})",
            f"{day} 날짜가 사이클 {cycle.id} 기간({cycle.start} ~ {cycle.end})을 벗어났습니다",
            kind="invalid",
            pointer=pointer,
        )


def _check_in(
    command: CheckIn, key_result: KeyResult, objective: Objective, cycle: Cycle, context: Context
) -> EventData:
    if command.value is None and command.confidence is None and command.note is None:
        raise Refused(
            "check_in_empty",
            "a check-in has a value, a confidence or a note",
            "체크인에는 값, 자신감, 메모 가운데 하나는 있어야 합니다",
            kind="invalid",
        )
    if command.value is not None and key_result.kpi is not None:
        raise Refused(
            "value_comes_from_kpi",
            f"the value comes from the KPI {key_result.kpi}: check in without a value, or send a reading",
            f"값은 KPI {key_result.kpi}에서 옵니다. 값 없이 체크인하거나 실적을 보내십시오",
            kind="invalid",
            pointer="/value",
        )
    if command.value is not None and key_result.measure.steps is not None:
        raise Refused(
            "value_comes_from_steps",
            "the value comes from the steps: check in without a value, or mark a step as done",
            "값은 단계에서 옵니다. 값 없이 체크인하거나 단계 완료를 기록하십시오",
            kind="invalid",
            pointer="/value",
        )
    if command.value is not None:
        _require_day(command.day, cycle, context)
    day = _reported_day(command.day, cycle, context)
    then = key_result.as_measured_on(day).measure
    if command.value is not None and not then.valued_like(key_result.measure):
        raise Refused(
            "day_before_measure",
            f"on {day} it was measured in {then.unit}: report values from {key_result.measured_since} on",
            f"{day}에는 단위가 {then.unit}였습니다. {key_result.measured_since} 이후의 값을 보고하십시오",
            kind="invalid",
            pointer="/day",
        )
    if len(key_result.check_ins) >= MOST_CHECK_INS:
        raise Refused(
            "too_many_check_ins",
            f"a key result has at most {MOST_CHECK_INS} check-ins: link it to a KPI and send readings",
            f"핵심 결과 하나에 체크인은 최대 {MOST_CHECK_INS}개입니다. KPI에 연결해 실적을 보내십시오",
            allowed=[step for step in ALLOWED[objective.status] if step != "check_in"],
        )
    said = command.model_dump(exclude={"day"})
    return CheckedIn(**said, day=day)


def _mark_step(
    command: MarkStepDone | ReopenStep,
    key_result: KeyResult,
    objective: Objective,
    cycle: Cycle,
    context: Context,
) -> list[EventData]:
    if command.step not in {step.id for step in key_result.measure.steps or ()}:
        raise Refused(
            "step_unknown",
            f"the key result {key_result.id} has no step {command.step}",
            f"핵심 결과 {key_result.id}에 단계 {command.step}이(가) 없습니다",
            kind="not_found",
            pointer="/step",
        )
    _require_day(command.day, cycle, context)
    day = _reported_day(command.day, cycle, context)
    done = isinstance(command, MarkStepDone)
    since = key_result.done_since(command.step, day)
    later = any(fact.step == command.step and fact.day > day for fact in key_result.step_facts)
    if done is (since is not None) and not later:
        return []
    if not done:
        context.require_reason()
    if len(key_result.step_facts) >= MOST_STEP_FACTS:
        raise Refused(
            "too_many_step_changes",
            f"the steps of a key result change at most {MOST_STEP_FACTS} times",
            f"핵심 결과 하나의 단계 완료와 취소는 최대 {MOST_STEP_FACTS}번입니다",
            allowed=[step for step in ALLOWED[objective.status] if step != "mark_step"],
        )
    marked = StepDone if done else StepReopened
    return [marked(key_result=key_result.id, step=command.step, day=day)]


def _require_day(said: date | None, cycle: Cycle, context: Context) -> None:
    """Refuse to change the final figure of a cycle that is over without naming the day it is about."""
    if said is None and context.today > cycle.end:
        raise cycle_over(cycle, Text("보고할", "that the report is about"), pointer="/day")


def _reported_day(said: date | None, cycle: Cycle, context: Context) -> date:
    day = said or min(context.today, cycle.end)
    check_day_in_cycle(day, cycle, pointer="/day")
    context.check_has_come(day, pointer="/day")
    return day
