"""Circles of goals that support each other, and of units under each other. Pure.

Commands refuse them; several API processes can still make one at one instant (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from events.objectives.alignment import way_back
from events.objectives.state import Objective
from events.org_units.state import OrgUnit


def circles_of_goals(objectives: Iterable[Objective]) -> list[list[str]]:
    """Return each circle among what goals support that are not dropped, as `a`, `b`, `a`."""
    leads_to: dict[str, tuple[str, ...]] = {}
    for objective in objectives:
        if objective.status != "dropped":
            leads_to |= {key_result.id: (objective.id,) for key_result in objective.key_results}
            leads_to[objective.id] = objective.supports
    return _circles(leads_to)


def circles_of_units(units: Iterable[OrgUnit]) -> list[list[str]]:
    """Return each circle of units above units, by the parent that each has in the end."""
    return _circles({unit.id: (unit.parent,) for unit in units if unit.parent is not None})


def _circles(leads_to: Mapping[str, tuple[str, ...]]) -> list[list[str]]:
    """Return the circles; what is in several of them is told once."""
    left = dict(leads_to)
    # What leads to nothing that is left is in no circle; as a rule nothing is left in the end.
    while ends := [at for at, beyond in left.items() if left.keys().isdisjoint(beyond)]:
        for at in ends:
            del left[at]
    found: list[list[str]] = []
    told: set[str] = set()
    for at in sorted(left):
        path = None if at in told else way_back(at, left[at], left)
        if path is not None:
            found.append(path)
            told.update(path)
    return found
