"""The rule of what supports what: goals that exist, and never in a circle."""

from collections.abc import Mapping, Sequence

from events.context import Context
from events.errors import Refused
from events.objectives.state import KeyResult, Objective


def check_supports(context: Context) -> None:
    """Refuse to support what there is not."""
    if context.unknown:
        missing = ", ".join(sorted(context.unknown))
        raise Refused(
            "supports_unknown",
            f"there is no objective or key result {missing} to support",
            f"기여할 목표나 핵심 결과가 없습니다: {missing}",
            kind="invalid",
            pointer="/supports",
        )


def check_change(objective: Objective, supports: Sequence[str], context: Context) -> None:
    """Refuse to support what there is not, what leads back, and not to support what was taken over.

    A key result leads to its objective, and an objective to all that it supports. (Nothing leads to a new
    objective yet.)
    """
    check_supports(context)
    if objective.takes_over is not None and objective.takes_over not in supports:
        raise Refused(
            "taken_over_is_supported",
            f"the objective takes over the key result {objective.takes_over}, so it goes on to support it",
            f"핵심 결과 {objective.takes_over}을(를) 이어받은 목표이므로 기여 대상에서 뺄 수 없습니다",
            pointer="/supports",
        )
    check_circle(objective, supports, context, pointer="/supports")


def check_circle(
    objective: Objective,
    supports: Sequence[str],
    context: Context,
    *,
    pointer: str | None = None,
    allowed: Sequence[str] = (),
) -> None:
    """Refuse to support what leads back."""
    path = way_back(objective.id, supports, context.leads_to)
    if path is not None:
        way = " → ".join("…" if id_ in context.unseen else id_ for id_ in path)
        raise Refused(
            "supports_itself",
            f"the objective would support itself: {way}",
            f"목표가 자기 자신에게 기여하게 됩니다: {way}",
            pointer=pointer,
            allowed=allowed,
        )


def require_taken_over(id_: str | None, context: Context) -> KeyResult | None:
    """Return the key result that a new objective takes over, if any.

    Refuses one that is unknown or dropped.
    """
    if id_ is None:
        return None
    if context.taken_over is None:
        raise Refused(
            "key_result_unknown",
            f"there is no key result {id_} to take over",
            f"이어받을 핵심 결과 {id_}이(가) 없습니다",
            kind="invalid",
            pointer="/takes_over",
        )
    if context.taken_over.status == "dropped":
        raise Refused(
            "key_result_dropped",
            f"the key result {id_} is dropped",
            f"핵심 결과 {id_} 추진이 중단되었습니다",
            pointer="/takes_over",
        )
    return context.taken_over


def with_taken_over(supports: tuple[str, ...], taken_over: str | None) -> tuple[str, ...]:
    """Return what an objective supports, together with the key result that it takes over."""
    return supports if taken_over is None or taken_over in supports else (taken_over, *supports)


def way_back(
    objective: str, supports: Sequence[str], leads_to: Mapping[str, Sequence[str]]
) -> list[str] | None:
    """Return the shortest way from an objective over what it supports to itself; None if there is none."""
    came_from: dict[str, str] = {}
    reached = [(objective, goal) for goal in supports]
    for at, to in reached:
        if to == objective:
            path = [objective, at]
            while path[-1] != objective:
                path.append(came_from[path[-1]])
            return path[::-1]
        if to not in came_from:
            came_from[to] = at
            reached += [(to, beyond) for beyond in leads_to.get(to, ())]
    return None
