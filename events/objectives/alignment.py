"""The rule of what supports what: goals that exist, and never in a circle."""

from collections.abc import Sequence

from events.context import Context
from events.errors import Refused


def check_supports(objective: str | None, supports: Sequence[str], context: Context) -> None:
    """Refuse to support what there is not, or what leads back to the objective; None for a new one.

    A key result leads to its objective, and an objective to all that it supports.
    """
    if context.unknown:
        missing = ", ".join(sorted(context.unknown))
        raise Refused(
            "supports_unknown",
            f"there is no objective or key result {missing} to support",
            f"기여할 목표나 핵심 결과가 없습니다: {missing}",
            kind="invalid",
            pointer="/supports",
        )
    # A new objective is not supported yet: no way leads back to it.
    path = None if objective is None else _way_back(objective, supports, context)
    if path is not None:
        way = " → ".join(path)
        raise Refused(
            "supports_itself",
            f"the objective would support itself: {way}",
            f"목표가 자기 자신에게 기여하게 됩니다: {way}",
            pointer="/supports",
        )


def _way_back(objective: str, supports: Sequence[str], context: Context) -> list[str] | None:
    """The shortest way from an objective over what it supports to itself; None if there is none."""
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
            reached += [(to, beyond) for beyond in context.leads_to.get(to, ())]
    return None
