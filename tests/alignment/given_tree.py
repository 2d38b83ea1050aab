"""What tests of tree and their neighbours start from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from events.objectives.state import Objective
from projections.alignment.tree import Carriers, ObjectiveNode
from tests.advice.given import key_result, objective


def goal(id_: str, *, unit: str = "sales", of: str = "", **fields: object) -> Objective:
    """An objective with one key result `<id>-kr`; `of` names what it supports."""
    told: dict[str, Any] = {"key_results": (key_result(id=f"{id_}-kr"),), "org_unit": unit or None}
    return objective(**{"id": id_, "supports": tuple(of.split())} | told | fields)


def told(nodes: Sequence[ObjectiveNode]) -> list[object]:
    """Ids as nested lists: an objective, then for its whole and each key result what carries it."""
    return [[node.objective.id + ("^" if node.shown_before else ""), *_parts(node)] for node in nodes]


def _parts(node: ObjectiveNode) -> list[object]:
    parts: list[object] = _carriers(node.carried_by)
    for each in node.key_results:
        carriers = _carriers(each.carried_by)
        parts += [[each.key_result.id, *carriers]] if carriers else []
    return parts


def _carriers(carriers: Carriers) -> list[object]:
    work = (initiative.id for initiative in carriers.initiatives)
    return [*told(carriers.objectives), *(kpi.id for kpi in carriers.kpis), *work]
