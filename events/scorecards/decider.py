"""The rules of a scorecard: of one unit or one person, weights total 100, no change in a closed cycle."""

from collections.abc import Sequence

from events.context import Context
from events.cycles.decider import require_not_closed
from events.cycles.state import Cycle
from events.envelope import Event
from events.errors import Refused
from events.org_units.decider import require_org_unit
from events.registry import EventData
from events.scorecards.commands import ChangeScorecard, DrawUpScorecard
from events.scorecards.events import ScorecardChanged, ScorecardDrawnUp
from events.scorecards.items import Item
from events.scorecards.state import Scorecard
from events.state import beginning, existing
from events.text import Text

TOTAL = 100
"""What the weights of a scorecard total."""


def decide(
    command: DrawUpScorecard | ChangeScorecard, state: Scorecard | None, context: Context
) -> list[EventData]:
    """Return the events that follow from a command, or refuse it. What is so already makes no event."""
    context.check_reason()
    context.check_people()
    if isinstance(command, DrawUpScorecard):
        return _draw_up(command, state, context)
    if state is None:
        raise Refused(
            "scorecard_unknown", "there is no such scorecard", "없는 평가표입니다", kind="not_found"
        )
    cycle = _require_cycle(context)
    # First, so that nobody learns from an answer what an item is that is withheld from them.
    _check_known(command.items, context)
    items = context.with_unseen(command.items, state.items, lambda item: item.goal)
    if items == state.items:
        return []
    context.require_reason()
    _check_items(items, withheld=len(items) > len(command.items))
    return [ScorecardChanged(old=state.items, new=items, backdated=context.today > cycle.end)]


def _draw_up(command: DrawUpScorecard, state: Scorecard | None, context: Context) -> list[EventData]:
    if state is not None:
        raise Refused(
            "scorecard_exists",
            f"there is a scorecard {state.id} already",
            f"평가표 {state.id} 아이디가 이미 있습니다",
            allowed=["change"],
        )
    _require_cycle(context)
    if (command.org_unit is None) == (command.person is None):
        raise Refused(
            "scorecard_of_one",
            "a scorecard is of one unit or of one person",
            "평가표는 조직 하나나 구성원 한 사람의 것이어야 합니다",
            kind="invalid",
            pointer="/org_unit",
        )
    if command.org_unit is not None:
        require_org_unit(context, pointer="/org_unit")
    _check_known(command.items, context)
    _check_items(command.items)
    return [ScorecardDrawnUp(**command.model_dump())]


def _check_known(items: Sequence[Item], context: Context) -> None:
    missing = ", ".join(item.id for item in items if f"{item.kind}/{item.id}" in context.unknown)
    if missing:
        raise Refused(
            "item_unknown",
            f"there is no such KPI, objective or key result: {missing}",
            f"없는 KPI·목표·핵심 결과입니다: {missing}",
            kind="invalid",
            pointer="/items",
        )


def _check_items(items: Sequence[Item], *, withheld: bool = False) -> None:
    """Refuse items that are named twice, or whose weights are not above 0 and 100 in total."""
    if len({(item.kind, item.id) for item in items}) < len(items):
        raise Refused(
            "item_twice",
            "an item stands on a scorecard once",
            "평가표에 같은 항목이 두 번 있습니다",
            kind="invalid",
            pointer="/items",
        )
    total = sum(item.weight for item in items)
    if total != TOTAL or any(item.weight <= 0 for item in items):
        also = (
            Text(" (볼 수 없는 항목 포함)", ", with those of the items that are withheld")
            if withheld
            else Text("", "")
        )
        raise Refused(
            "weights_not_100",
            f"the weights are above 0 and total {TOTAL}, not {total:f}{also.en}",
            f"가중치는 0보다 커야 하고 합이 {TOTAL}이어야 합니다(현재 {total:f}{also.ko})",
            kind="invalid",
            pointer="/items",
        )


def _require_cycle(context: Context) -> Cycle:
    """Return the cycle of a scorecard. Refuses one that does not exist or is closed."""
    if context.cycle is None:
        raise Refused(
            "cycle_unknown", "there is no such cycle", "없는 사이클입니다", kind="invalid", pointer="/cycle"
        )
    require_not_closed(context.cycle)
    return context.cycle


def evolve(state: Scorecard | None, event: Event) -> Scorecard:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case ScorecardDrawnUp() as drawn_up:
            return Scorecard(id=beginning(state, event), **drawn_up.model_dump())
        case ScorecardChanged(new=items):
            return existing(state, event).model_copy(update={"items": items})
        case _:
            return existing(state, event)
