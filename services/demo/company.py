"""The whole demo company, read from the files in `content/`."""

from __future__ import annotations

import importlib.resources
from functools import cache
from typing import Any

import yaml
from pydantic import TypeAdapter

from services.demo.schema import Cycle, Feed, Kpi, Objective, OrgUnit, Part, Person
from services.demo.steps import AddKeyResult, AnyStep, PlanInitiative


class Company(Part):
    """The whole demo company and its year."""

    org_units: tuple[OrgUnit, ...]
    people: tuple[Person, ...]
    cycles: tuple[Cycle, ...]
    feeds: tuple[Feed, ...]
    kpis: tuple[Kpi, ...]
    goals: tuple[Objective, ...]
    year: tuple[AnyStep, ...]

    def objective(self, id_: str) -> Objective:
        """One of its objectives, as it was agreed."""
        return next(objective for objective in self.goals if objective.id == id_)

    def objective_of(self, key_result: str) -> str:
        """Return the id of the objective that a key result belongs to."""
        added = ((step.objective, step.key_result) for step in self.year if isinstance(step, AddKeyResult))
        agreed = ((goal.id, found) for goal in self.goals for found in goal.key_results)
        return next(objective for objective, found in (*agreed, *added) if found.id == key_result)

    def served(self, goal: str) -> str:
        """Return the id of an objective, or of the one that a key result belongs to."""
        return goal if any(one.id == goal for one in self.goals) else self.objective_of(goal)

    def owner_of(self, id_: str) -> str:
        """Whose an objective, a key result, a KPI or an initiative is."""
        owners = {goal.id: goal.owner for goal in self.goals} | {kpi.id: kpi.owner for kpi in self.kpis}
        owners |= {found.id: found.owner for goal in self.goals for found in goal.key_results}
        for step in self.year:
            if isinstance(step, AddKeyResult):
                owners[step.key_result.id] = step.key_result.owner
            elif isinstance(step, PlanInitiative):
                owners[step.initiative.id] = step.initiative.owner
        return owners[id_]


@cache
def load_company() -> Company:
    """Return the company as the files tell it. Raises ValidationError when they do not hang together."""
    parts: dict[str, Any] = dict(_read("company"))
    parts["kpis"] = [kpi for unit in parts["org_units"] for kpi in _read(f"kpis/{unit['id']}")]
    for name in ("goals", "year"):
        parts[name] = _read(name)
    return TypeAdapter(Company).validate_python(parts)


def _read(name: str) -> Any:
    text = importlib.resources.files("services.demo").joinpath("content", f"{name}.yaml").read_text("utf-8")
    return yaml.safe_load(text)
