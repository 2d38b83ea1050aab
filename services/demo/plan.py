"""The demo company as a list of requests to the public HTTP API, in the order in which its year went."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date
from typing import Any

from events.decimals import text
from events.text import Language, Text
from services.demo import steps as told
from services.demo.company import Company
from services.demo.conversations import initiative_request, talk_requests, word_request
from services.demo.readings import Reading, reading, readings_of
from services.demo.requests import Batch, Command, Enter, Leave, Request
from services.demo.schema import KeyResult, Kpi, Objective, Target

FIRST_DAY = date(2025, 1, 1)
"""Units, cycles and KPIs are there before anything happens."""


NEEDS_NO_READINGS = (
    told.AddKeyResult,
    told.CheckIn,
    told.Reword,
    told.SetKpiTarget,
    told.LinkKpis,
    told.WatchWith,
    told.DrawUpScorecard,
)
"""Steps after which no figure is another: readings that came before them may be sent after them."""


def plan(company: Company, language: Language) -> list[Request]:
    """Return every request, in order; texts in one language."""
    year = _Year(company, language)
    return [*year.founding(), *year.days(), Leave()]


def readings_sent(company: Company) -> list[Reading]:
    """Return every reading as it is first sent, in the order in which the company heard of it."""
    sent = {
        (one.kpi, one.source_id): one
        for kpi in company.kpis
        for series in [readings_of(kpi)]
        for one in series
    }
    for step in company.year:
        match step:
            case told.WrongReading():
                key = (step.kpi, f"{step.kpi}-{step.day}")
                sent[key] = sent[key].times(step.times)
            case told.LateReading():
                key = (step.kpi, f"{step.kpi}-{step.day}")
                sent[key] = sent[key]._replace(arrives=step.when)
            case told.StrayReading():
                stray = _stray(company, step)
                sent[stray.kpi, stray.source_id] = stray
    return sorted(sent.values(), key=lambda one: (one.arrives, one.feed, one.day, one.kpi, one.source_id))


def _stray(company: Company, step: told.StrayReading) -> Reading:
    kpi = next(kpi for kpi in company.kpis if kpi.id == step.kpi)
    made = reading(kpi, f"{kpi.id}-{step.day}-stray", step.day, step.sent)
    return made._replace(arrives=min(made.arrives, step.when))


class _Year:
    """The requests of one company in one language."""

    def __init__(self, company: Company, language: Language) -> None:
        self._company = company
        self._language = language
        self._head = company.people[0].id
        """Who opens and closes cycles."""
        self._as_it_was = {(one.kpi, one.source_id): one for kpi in company.kpis for one in readings_of(kpi)}

    def founding(self) -> Iterator[Request]:
        """Units, cycles, KPIs with their first targets, and feeds."""
        for unit in self._company.org_units:
            body = {"id": unit.id, "name_ko": unit.name.ko, "name_en": unit.name.en, "level": unit.level}
            if unit.parent is not None:
                body["parent"] = unit.parent
            yield Command(f"demo/org-unit/{unit.id}", "POST", "/v1/org-units", body)
        yield from self._people()
        for cycle in self._company.cycles:
            body = {"id": cycle.id, "name": self._said(cycle.name), "kind": cycle.kind}
            body |= {"start": str(cycle.start), "end": str(cycle.end)}
            yield Command(f"demo/cycle/{cycle.id}", "POST", "/v1/cycles", body)
        for kpi in self._company.kpis:
            yield Command(f"demo/kpi/{kpi.id}", "POST", "/v1/kpis", _kpi(kpi), f"kpi/{kpi.id}")
            for target in kpi.targets:
                yield self._kpi_target(kpi.id, target, target.effective_from or FIRST_DAY, target.reason)

        for feed in self._company.feeds:
            kpis = [kpi.id for kpi in self._company.kpis if kpi.feed == feed.id]
            declared = {"id": feed.id, "name": self._said(feed.name), "kpis": kpis}
            yield Command(f"demo/feed/{feed.id}", "POST", "/v1/feeds", declared)

    def _people(self) -> Iterator[Request]:
        """Everybody, with the units they belong to; then they may do things in their own name."""
        for person in self._company.people:
            known = {"name": self._said(person.name), "mail": person.mail}
            yield Command(f"demo/person/{person.id}", "POST", "/v1/people", known, called=person.id)
            yield Enter(person.id)
        for person in self._company.people:
            for unit in person.units:
                body = {"org_unit": unit.org_unit, "role": unit.role, "effective_from": str(unit.start)}
                key = f"demo/person/{person.id}/join/{unit.org_unit}"
                yield Command(key, "POST", f"/v1/people/{{{person.id}}}/join", body)

    def days(self) -> Iterator[Request]:
        """Readings and steps, day by day; on a day the readings come first."""
        waiting = readings_sent(self._company)
        at = 0
        for step in self._company.year:
            if self._needs_readings(step):
                upto = bisect_right(waiting, step.when, lo=at, key=lambda one: one.arrives)
                yield from _batches(waiting[at:upto])
                at = upto
            yield from self._step(step)
        yield from _batches(waiting[at:])

    def _needs_readings(self, step: told.AnyStep) -> bool:
        if isinstance(step, told.Agree):
            return self._company.objective(step.objective).is_relative
        return not isinstance(step, NEEDS_NO_READINGS)

    def _step(self, step: told.AnyStep) -> Iterator[Request]:
        match step:
            case told.OpenCycle() | told.CloseCycle():
                verb = step.do.removesuffix("_cycle")
                path = f"/v1/cycles/{step.cycle}/{verb}"
                yield Command(f"demo/{verb}/{step.cycle}", "POST", path, by=self._head)
            case told.Agree():
                yield from self._agree(self._company.objective(step.objective))
            case told.SetKpiTarget():
                yield self._kpi_target(step.kpi, step.target, step.when, step.reason)
            case told.LinkKpis():
                for kpi in self._company.kpis:
                    if kpi.serves is not None and self._company.served(kpi.serves.goal) in step.objectives:
                        said = {"serves": kpi.serves.goal, "serves_why": self._said(kpi.serves.why)}
                        yield self._redefine(kpi.id, said, step)
            case told.WatchWith():
                yield self._redefine(step.kpi, {"counter_metrics": list(step.counter_metrics)}, step)
            case told.WrongReading() | told.StrayReading():
                yield self._correction(step)
            case told.LateReading():
                pass
            case told.SetPolicy():
                body = self._why(
                    {"rules": step.rules.model_dump(mode="json", exclude_none=True)}, step.reason
                )
                key = f"demo/{step.when}/policy/{step.framework}"
                yield Command(key, "POST", f"/v1/policies/{step.framework}", body, by=step.by)
            case told.DrawUpScorecard():
                body = step.model_dump(mode="json", exclude_none=True, exclude={"when", "do", "by"})
                yield Command(f"demo/scorecard/{step.id}", "POST", "/v1/scorecards", body, by=step.by)
            case told.PlanInitiative() | told.StartInitiative() | told.FinishInitiative():
                yield initiative_request(self._company, step, self._language)
            case told.Talk():
                yield from talk_requests(step, self._language)
            case told.GiveFeedback() | told.Recognise():
                yield word_request(step, self._language)
            case _:
                yield self._change(step)

    def _agree(self, objective: Objective) -> Iterator[Request]:
        key = f"demo/objective/{objective.id}"
        body: dict[str, Any] = {
            "id": objective.id,
            "title": self._said(objective.title),
            "cycle": objective.cycle,
            "org_unit": objective.org_unit,
            "owner": objective.owner,
            "ambition": objective.ambition,
            "supports": list(objective.supports),
            "takes_over": objective.takes_over,
        }
        if objective.framework != "okr":
            body |= {"framework": objective.framework, "reviewer": objective.reviewer}
        yield Command(key, "POST", "/v1/objectives", body, f"objective/{objective.id}", by=objective.owner)
        for key_result in objective.key_results:
            yield self._add(objective.id, key_result, None)
        if objective.reviewer is not None:
            yield self._life(objective, "propose", objective.owner)
            yield self._life(objective, "agree", objective.reviewer)
        yield self._life(objective, "activate", objective.owner)

    def _life(self, objective: Objective, verb: str, by: str) -> Command:
        """Return a step of an objective's life; who proposes has agreed."""
        key, path = f"demo/objective/{objective.id}/{verb}", f"/v1/objectives/{objective.id}/{verb}"
        return Command(key, "POST", path, {}, f"objective/{objective.id}", by=by)

    def _add(self, objective: str, key_result: KeyResult, reason: Text | None) -> Command:
        body: dict[str, Any] = {
            "id": key_result.id,
            "title": self._said(key_result.title),
            "measure": key_result.measure.model_dump(mode="json", exclude_defaults=True),
            "kpi": key_result.kpi,
            "owner": key_result.owner,
        }
        if key_result.weight is not None:
            body["weight"] = text(key_result.weight)
        path = f"/v1/objectives/{objective}/key-results"
        key = f"demo/key-result/{key_result.id}"
        by = self._company.owner_of(objective)
        return Command(key, "POST", path, self._why(body, reason), f"objective/{objective}", by=by)

    def _change(
        self,
        step: told.AddKeyResult
        | told.ChangeTarget
        | told.CorrectBaseline
        | told.SetWeights
        | told.Reword
        | told.DropKeyResult
        | told.CheckIn,
    ) -> Command:
        if isinstance(step, told.AddKeyResult):
            return self._add(step.objective, step.key_result, step.reason)
        if isinstance(step, told.SetWeights):
            weights = {id_: text(weight) for id_, weight in step.weights.items()}
            path = f"/v1/objectives/{step.objective}/weights"
            key = f"demo/{step.when}/weights/{step.objective}"
            body: dict[str, Any] = self._why({"weights": weights}, step.reason)
            by = self._company.owner_of(step.objective)
            return Command(key, "PUT", path, body, f"objective/{step.objective}", by=by)
        key = f"demo/{step.when}/{step.do}/{step.key_result}"
        path = f"/v1/key-results/{step.key_result}"
        objective = f"objective/{self._company.objective_of(step.key_result)}"
        by = self._company.owner_of(step.key_result)
        match step:
            case told.ChangeTarget():
                body = {"target": text(step.target), "effective_from": str(step.when)}
                return Command(key, "POST", f"{path}/targets", self._why(body, step.reason), objective, by=by)
            case told.CorrectBaseline():
                body = {"baseline": text(step.baseline)}
                return Command(key, "PATCH", path, self._why(body, step.reason), objective, by=by)
            case told.Reword():
                body = {"title": self._said(step.title)}
                return Command(key, "PATCH", path, self._why(body, step.reason), objective, by=by)
            case told.DropKeyResult():
                return Command(key, "POST", f"{path}/drop", self._why({}, step.reason), objective, by=by)
            case told.CheckIn():
                return Command(key, "POST", f"{path}/check-ins", self._check_in(step), by=by)

    def _check_in(self, step: told.CheckIn) -> dict[str, Any]:
        body: dict[str, Any] = {"day": str(step.day or step.when), "confidence": step.confidence}
        if step.value is not None:
            body["value"] = text(step.value)
        if step.note is not None:
            body["note"] = self._said(step.note)
        return body

    def _kpi_target(self, kpi: str, target: Target, start: date, reason: Text | None) -> Command:
        body = {"kind": target.kind, "target": text(target.target), "effective_from": str(start)}
        if target.grading != "attainment":
            body["grading"] = target.grading
        if target.tolerance is not None:
            body["tolerance"] = text(target.tolerance)
        key = f"demo/{start}/kpi-target/{kpi}"
        by = self._company.owner_of(kpi)
        return Command(key, "POST", f"/v1/kpis/{kpi}/targets", self._why(body, reason), f"kpi/{kpi}", by=by)

    def _redefine(self, kpi: str, said: dict[str, Any], step: told.LinkKpis | told.WatchWith) -> Command:
        key = f"demo/{step.when}/{step.do}/{kpi}"
        by = self._company.owner_of(kpi)
        return Command(key, "PATCH", f"/v1/kpis/{kpi}", self._why(said, step.reason), f"kpi/{kpi}", by=by)

    def _correction(self, step: told.WrongReading | told.StrayReading) -> Command:
        if isinstance(step, told.StrayReading):
            found, path, body = _stray(self._company, step), "/v1/readings/retractions", {}
        else:
            found = self._as_it_was[step.kpi, f"{step.kpi}-{step.day}"]
            path, body = "/v1/readings/corrections", _amounts(found)
        key = f"demo/{step.when}/{step.do}/{found.source_id}"
        identity = {"feed": found.feed, "kpi": found.kpi, "source_id": found.source_id}
        by = self._company.owner_of(step.kpi)
        return Command(key, "POST", path, self._why(body, step.reason), params=identity, by=by)

    def _said(self, what: Text) -> str:
        return what.told(self._language)

    def _why(self, body: dict[str, Any], reason: Text | None) -> dict[str, Any]:
        return body if reason is None else {**body, "reason": self._said(reason)}


def _kpi(kpi: Kpi) -> dict[str, Any]:
    return {
        "id": kpi.id,
        "name_ko": kpi.name.ko,
        "name_en": kpi.name.en,
        "unit": kpi.unit,
        "kind": kpi.kind,
        "aggregation": kpi.aggregation,
        "cadence": kpi.cadence,
        "empty": kpi.empty,
        "perspective": kpi.perspective,
        "leading": kpi.leading,
        "owner": kpi.owner,
        "org_unit": kpi.org_unit,
    }


def _batches(readings: list[Reading]) -> Iterator[Batch]:
    for feed in sorted({one.feed for one in readings}):
        yield Batch(feed, [_item(one) for one in readings if one.feed == feed])


def _item(one: Reading) -> dict[str, Any]:
    return {"kpi": one.kpi, "source_id": one.source_id, **_amounts(one), **_time(one)}


def _amounts(one: Reading) -> dict[str, str]:
    if one.value is not None:
        return {"value": text(one.value)}
    assert one.numerator is not None
    assert one.denominator is not None
    return {"numerator": text(one.numerator), "denominator": text(one.denominator)}


def _time(one: Reading) -> dict[str, str]:
    """Return a day or a month and no instant: its business day is the same in every zone."""
    return {"period": one.month or str(one.day)}
