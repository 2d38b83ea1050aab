"""A cycle that is over and not closed yet: its final figures over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import pytest

import services.commands.handler  # noqa: F401 - knows every command
from events.commands import Command
from events.policies.defaults import DEFAULTS
from events.policies.rules import Rules
from tests.api.conftest import Person

pytestmark = pytest.mark.usefixtures("projector")

KEY_RESULT, END = "/v1/key-results/name", "2026-03-31"
SCORE = {"kind": "increase", "baseline": "40", "target": "60", "unit": "points"}
RANK = {"kind": "decrease", "baseline": "15", "target": "6", "unit": "rank"}
WHY = {"reason": "순위가 더 많이 말해 줍니다"}


async def test_a_measure_or_target_of_after_the_end_does_not_change_the_final_figure(anna: Person) -> None:
    """Read now, as of the last day, of the day after, and in the score history; a named day is flagged."""
    quarter = {"id": "q1", "name": "2026-1Q", "start": "2026-01-01", "end": END, "kind": "quarter"}
    await anna.created("/v1/cycles", quarter)
    await anna.created("/v1/cycles/q1/open", {})
    drafted = await anna.created("/v1/objectives", {"id": "known", "title": "x", "cycle": "q1"})
    body = {"id": "name", "title": "x", "measure": SCORE}
    etag = f'"{drafted["revision"]}"'
    added = await anna.created("/v1/objectives/known/key-results", body, If_Match=etag)
    await anna.created("/v1/objectives/known/activate", {}, If_Match=f'"{added["revision"]}"')
    await anna.created(f"{KEY_RESULT}/check-ins", {"value": "50", "day": "2026-03-20"})

    async def figures() -> list[Any]:
        read = [await anna.read(KEY_RESULT, **day) for day in ({}, {"as_of": END}, {"as_of": "2026-04-01"})]
        goal = await anna.read("/v1/objectives/known")
        history = (await anna.read(f"{KEY_RESULT}/score-history"))["data"]
        return [*((one["measure"], one["score"]) for one in read), goal["score"], history[-1]["score"]]

    async def change(path: str, **what: Any) -> Any:
        return await anna.send(
            "PATCH" if path == KEY_RESULT else "POST",
            path,
            what | WHY,
            {"If-Match": await anna.etag(KEY_RESULT)},
        )

    before = await figures()
    assert (before[0][1]["score"], before[3]) == ("0.5", "0.5")
    refused = await change(f"{KEY_RESULT}/targets", target="45")
    assert (refused.status_code, refused.json()["code"]) == (422, "cycle_over")
    measured = await change(KEY_RESULT, measure=RANK)
    assert measured.status_code == 200, measured.text
    assert await figures() == before
    again = await change(f"{KEY_RESULT}/targets", target="5", effective_from=END)
    assert (again.status_code, again.json()["code"]) == (422, "day_before_measure")
    baseline = await change(KEY_RESULT, baseline="14")
    assert baseline.status_code == 200, baseline.text
    assert await figures() == before
    posts = (await anna.read(f"{KEY_RESULT}/targets"))["data"]
    assert [(post["what"], post["new"], post["backdated"]) for post in posts] == [
        ("target", "60", False),
        ("baseline", "40", False),
        ("target", "6", False),
        ("baseline", "15", False),
        ("baseline", "14", True),
    ]
    assert [post["new"] for post in posts if post["in_force"]] == ["60", "40"]


class Late(NamedTuple):
    """A write after the last day of the cycle, and what becomes of the final figures."""

    command: str
    method: str
    path: str
    body: dict[str, Any]
    becomes: Literal["stay", "refused", "flagged"] = "stay"


KPI, LEVEL, CARD, GOAL = "/v1/kpis/visits", "/v1/kpis/level", "/v1/scorecards/card", "/v1/objectives/known"
STEPS = "/v1/key-results/pilot/steps"


def _other(rules: Rules) -> dict[str, Any]:
    """Return rules with one band for every score, and another cap where there may be one."""
    said = rules.model_dump(mode="json")
    for yardstick in filter(None, (said["usual"], said["stretch"])):
        yardstick["bands"] = yardstick["bands"][:1]
    return said | ({} if rules.stretch else {"shown_cap": "5"})


OTHER_RULES = {framework: _other(rules) for framework, rules in DEFAULTS.items()}
WEIGHTS = {"name": "1", "visited": "5", "pilot": "1"}
MARCH = {"effective_from": "2026-03-01"}
ITEMS = [{"kind": "kpi", "id": "level", "weight": "40"}, {"kind": "objective", "id": "known", "weight": "60"}]
LATE = [
    # how the readings of a KPI count
    Late("RedefineKpi", "PATCH", LEVEL, {"aggregation": "mean"}),
    Late("RedefineKpi", "PATCH", KPI, {"aggregation": "count"}),
    Late("RedefineKpi", "PATCH", LEVEL, {"cadence": "quarter", "empty": "zero"}),
    Late("RedefineKpi", "PATCH", KPI, {"cadence": "quarter", "empty": "zero"}),
    Late("RedefineKpi", "PATCH", LEVEL, {"aggregation": "min"} | MARCH, "flagged"),
    Late("RedefineKpi", "PATCH", KPI, {"aggregation": "count"} | MARCH, "flagged"),
    Late("RedefineKpi", "PATCH", LEVEL, {"aggregation": "max"}),
    Late("SetKpiTarget", "POST", f"{LEVEL}/targets", {"kind": "at_least", "target": "99"}),
    Late("SetKpiTarget", "POST", f"{LEVEL}/targets", {"kind": "at_least", "target": "9"} | MARCH, "flagged"),
    # by which rules it is judged
    *(
        Late("SetPolicy", "POST", f"/v1/policies/{each}", {"rules": rules})
        for each, rules in OTHER_RULES.items()
    ),
    Late("OpenCycle", "POST", "/v1/cycles/never/open", {}, "flagged"),
    *(
        Late("AdoptPolicy", "POST", "/v1/cycles/q1/policies", {"framework": each}, "flagged")
        for each in OTHER_RULES
    ),
    Late(
        "ChangeScorecard",
        "PATCH",
        CARD,
        {"items": [ITEMS[0] | {"weight": "10"}, ITEMS[1] | {"weight": "90"}]},
        "flagged",
    ),
    # what people report
    Late("CheckIn", "POST", f"{KEY_RESULT}/check-ins", {"value": "58"}, "refused"),
    Late("CheckIn", "POST", f"{KEY_RESULT}/check-ins", {"confidence": 3, "note": "x"}),
    Late("CheckIn", "POST", f"{KEY_RESULT}/check-ins", {"value": "58", "day": END}, "flagged"),
    Late("MarkStepDone", "POST", f"{STEPS}/b/done", {}, "refused"),
    Late("MarkStepDone", "POST", f"{STEPS}/b/done", {"day": END}, "flagged"),
    Late("ReopenStep", "POST", f"{STEPS}/b/reopen", {}, "refused"),
    Late("ReopenStep", "POST", f"{STEPS}/b/reopen", {"day": END}, "flagged"),
    # goalposts
    Late("ChangeTarget", "POST", f"{KEY_RESULT}/targets", {"target": "45"}, "refused"),
    Late("ChangeTarget", "POST", f"{KEY_RESULT}/targets", {"target": "45"} | MARCH, "flagged"),
    Late("CorrectBaseline", "PATCH", KEY_RESULT, {"baseline": "30"}, "flagged"),
    Late("SetWeights", "PUT", f"{GOAL}/weights", {"weights": WEIGHTS}, "flagged"),
    Late("UnlinkKpi", "PATCH", "/v1/key-results/visited", {"kpi": None}, "flagged"),
    Late("LinkKpi", "PATCH", "/v1/key-results/visited", {"kpi": "visits"}, "flagged"),
    Late("ChangeObjectiveCycle", "PATCH", GOAL, {"cycle": "twin"}, "flagged"),
    Late("ChangeObjectiveCycle", "PATCH", GOAL, {"cycle": "q1"}, "flagged"),
    Late("ChangeMeasure", "PATCH", KEY_RESULT, {"measure": RANK}),
    Late(
        "AddKeyResult",
        "POST",
        f"{GOAL}/key-results",
        {"id": "more", "title": "x", "measure": SCORE, "weight": "1"},
        "flagged",
    ),
    Late("DropKeyResult", "POST", "/v1/key-results/more/drop", {}, "flagged"),
    # the life of goals, cycles and KPIs
    Late("RewordObjective", "PATCH", GOAL, {"title": "y"}),
    Late("ChangeObjectiveOwner", "PATCH", GOAL, {"owner": "boris"}),
    Late("ChangeObjectiveOrgUnit", "PATCH", GOAL, {"org_unit": "sales"}),
    Late("RewordKeyResult", "PATCH", KEY_RESULT, {"title": "y"}),
    Late("ChangeKeyResultOwner", "PATCH", KEY_RESULT, {"owner": "boris"}),
    Late("ChangeSupports", "POST", f"{GOAL}/supports", {"supports": ["idle"]}),
    Late("RetireKpi", "POST", f"{LEVEL}/retire", {}),
    Late("DropObjective", "POST", f"{GOAL}/drop", {}, "flagged"),
    Late("ReopenObjective", "POST", f"{GOAL}/reopen", {}, "flagged"),
    Late("GradeObjective", "POST", f"{GOAL}/grade", {"grade": "0.1"}),
    Late("CloseObjective", "POST", f"{GOAL}/close", {}),
    Late("CloseCycle", "POST", "/v1/cycles/q1/close", {}),
    Late("ReopenCycle", "POST", "/v1/cycles/q1/reopen", {}),
]
"""In this order, each on what those before it made."""
ELSEWHERE = {
    "AgreeKpiChange": "events/test_kpi_approval.py: it holds from the day of the yes, unless a day was named",
    "AgreeObjective": "events/test_after_the_cycle.py, and of an MBO goal",
    "DeclareTrajectory": "events/test_after_the_cycle.py: it moves what is expected, and is flagged",
    "ResolveRelative": "events/test_after_the_cycle.py",
    "RecordReading": "late readings are the business of sealed and restated figures",
}
"""Commands that may move a final figure and are tried there."""
OF_NO_FIGURE = {
    *(
        "ActivateObjective",
        "ProposeObjective",
        "SendBackObjective",
        "SendBackKpiChange",
        "ChangeObjectiveReviewer",
    ),
    *("ChangeReward", "PlanCycle", "DefineKpi", "DraftObjective", "DrawUpScorecard", "EnsureContainer"),
    *("AddNote", "AgreeAction", "FinishAction", "ReopenAction", "GiveFeedback", "GiveRecognition"),
    *("NarrowAudience", "OpenConversation", "Redact", "Reword"),
    *("PlanInitiative", "ReplanInitiative", "StartInitiative", "FinishInitiative", "DropInitiative"),
    *("ReopenInitiative", "CreateWorkspace", "ChangeZone", "SetDualControl", "RegisterFeed", "ChangeFeed"),
    *("CreateOrgUnit", "RenameOrgUnit", "MoveOrgUnit", "ArchiveOrgUnit", "RegisterPerson", "RenamePerson"),
    *("ChangeMail", "JoinUnit", "ApproveLead", "RefuseLead", "LeaveUnit", "ForgetPerson"),
    *(
        "AcceptLedger",
        "WaivePosition",
        "ApproveToken",
        "IssueToken",
        "ReplaceTokenText",
        "RequestToken",
        "RevokeToken",
    ),
}
"""Commands that change no figure of what is there: they begin something, or are of words, people, work."""


def _commands(base: type[Command]) -> Iterator[str]:
    for kind in base.__subclasses__():
        if kind.__module__.startswith("events."):
            if not any(each.__module__.startswith("events.") for each in kind.__subclasses__()):
                yield kind.__name__
            yield from _commands(kind)


def test_every_command_is_looked_at() -> None:
    """One that is new says here what it does to the final figures of a cycle that is over."""
    assert {late.command for late in LATE} | ELSEWHERE.keys() | OF_NO_FIGURE >= set(_commands(Command))


async def test_final_figures_stay_unless_a_day_is_named_and_then_it_is_flagged(anna: Person) -> None:
    """Of goals and scorecards: as of the last day, read now, and in the score history."""
    await _given_a_quarter_that_is_over(anna)

    async def figures() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for as_of in (END, None):
            day = {} if as_of is None else {"as_of": as_of}
            for goal in ("known", "idle"):
                read = await anna.read(f"/v1/objectives/{goal}", **day)
                found[f"{goal} {as_of}"] = (
                    read["score"],
                    read["band"],
                    [
                        (
                            one["score"]
                            and (one["score"]["raw"], one["score"]["score"], one["score"]["band"]),
                            one["standing"],
                        )
                        for one in read["key_results"]
                    ],
                )
            card = await anna.read(CARD, **day)
            found[f"card {as_of}"] = (
                card["score"],
                card["band"],
                [(one["raw"], one["score"], one["totals"]) for one in card["items"]],
            )
        for key_result in ("name", "visited", "pilot"):
            history = (await anna.read(f"/v1/key-results/{key_result}/score-history", to=END))["data"]
            found[f"history {key_result}"] = history[-1]["score"]
        return found

    before = await figures()
    assert before[f"known {END}"] == before["known None"]
    for late in LATE:
        case = f"{late.command} {late.body}"
        of = late.path if late.method == "PATCH" else "/".join(late.path.split("/")[:4])
        headers = {"If-Match": await anna.etag(of)} if "/policies" not in late.path else {}
        why: dict[str, Any] = {} if late.command == "CheckIn" else WHY
        answer = await anna.send(late.method, late.path, late.body | why, headers)
        if late.becomes == "refused":
            assert (answer.status_code, answer.json().get("code")) == (422, "cycle_over"), (case, answer.text)
            continue
        assert answer.is_success, (case, answer.text)
        assert answer.json()["event_ids"], case
        after = await figures()
        if late.becomes == "flagged":
            (event, *_) = (await anna.read("/v1/audit", order="desc", limit=1))["data"]
            assert event["data"]["backdated"] is True, (case, event)
            before = after
        assert after == before, case


async def _given_a_quarter_that_is_over(anna: Person) -> None:
    """A goal and a scorecard of it, with KPIs; and one of a cycle that nobody opened."""
    for id_ in ("q1", "never", "twin"):
        quarter = {"id": id_, "name": id_, "start": "2026-01-01", "end": END, "kind": "quarter"}
        await anna.created("/v1/cycles", quarter)
    await anna.created("/v1/cycles/q1/open", {})
    await anna.created("/v1/org-units", {"id": "sales", "name_ko": "영업", "level": "team"})
    kpi = {"name_ko": "x", "unit": "count", "cadence": "month"}
    await anna.created("/v1/kpis", kpi | {"id": "visits", "kind": "delta", "aggregation": "sum"})
    await anna.created("/v1/kpis", kpi | {"id": "level", "kind": "gauge", "aggregation": "last"})
    target = {"kind": "at_least", "target": "10", "reason": "x", "effective_from": "2026-01-01"}
    await anna.created(f"{LEVEL}/targets", target, If_Match=await anna.etag(LEVEL))
    measures: dict[str, dict[str, dict[str, Any]]] = {
        "known": {
            "name": SCORE,
            "visited": {"kind": "at_least", "target": "100", "unit": "count"},
            "pilot": {
                "kind": "milestone",
                "target": "1",
                "unit": "share",
                "steps": [{"id": id_, "title": id_} for id_ in "ab"],
            },
        },
        "idle": {"kept": SCORE},
    }
    for (goal, key_results), cycle in zip(measures.items(), ("q1", "never"), strict=True):
        last = await anna.created("/v1/objectives", {"id": goal, "title": "x", "cycle": cycle})
        for id_, measure in key_results.items():
            body = {
                "id": id_,
                "title": "x",
                "measure": measure,
                "kpi": "visits" if id_ == "visited" else None,
            }
            etag = f'"{last["revision"]}"'
            last = await anna.created(f"/v1/objectives/{goal}/key-results", body, If_Match=etag)
        await anna.created(f"/v1/objectives/{goal}/activate", {}, If_Match=f'"{last["revision"]}"')
    for id_ in ("name", "kept"):
        await anna.created(f"/v1/key-results/{id_}/check-ins", {"value": "50", "day": "2026-03-20"})
    await anna.created(f"{STEPS}/a/done", {"day": "2026-03-10"})
    readings = [
        {"kpi": kpi, "source_id": f"{kpi}{n}", "value": value, "observed_at": f"2026-{day}T09:00:00+09:00"}
        for kpi, values in (("visits", (30, 20, 25)), ("level", (4, 9, 8)))
        for n, (day, value) in enumerate(zip(("01-15", "03-05", "03-20"), values, strict=True))
    ]
    receipts = (await anna.created("/v1/readings", readings))["receipts"]
    assert {one["status"] for one in receipts} == {"accepted"}
    await anna.created("/v1/scorecards", {"id": "card", "cycle": "q1", "org_unit": "sales", "items": ITEMS})
