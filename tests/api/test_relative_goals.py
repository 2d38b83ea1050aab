"""Relative goals over HTTP: resolved with what is on record, frozen, and read with what it would be now."""

from __future__ import annotations

import pytest

from tests.api.conftest import YEAR, Person
from tests.api.given_relative_goals import COST, PATH, given_cost, send

pytestmark = pytest.mark.usefixtures("projector")


async def test_activation_resolves_what_is_known_and_freezes_it(anna: Person) -> None:
    """Base 100 in 2025, 50 in its first half; 48 by half-time of 2026: 0.8, provisional."""
    etag = await given_cost(anna, COST)
    await send(anna, d20250630="50", d20251231="50", d20260630="48")
    silent = await anna.read(PATH)
    assert (silent["unresolved"], silent["score"]["target"], silent["score"]["pending"]) == (True, None, True)
    assert (await anna.read(f"{PATH}/targets"))["data"] == []
    active = await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)

    half = await anna.read(PATH, as_of="2026-07-01")
    score = half["score"]
    assert (half["unresolved"], score["baseline"], score["target"]) == (False, "100", "95")
    assert (score["base_so_far"], score["raw"], score["provisional"]) == ("50", "0.8", True)
    (target,) = [target for target in half["targets"] if target["base"]]
    base = target["base"]
    assert (base["start"], base["end"], base["readings"]) == ("2025-01-01", "2025-12-31", 2)
    assert 0 < base["first_position"] < base["last_position"] <= base["known_position"]
    assert (base["out_of_date"], base["now"]) == (False, "100")
    assert await anna.etag(PATH) == f'"{active["revision"]}"'
    end = (await anna.read(PATH, as_of="2026-12-31"))["score"]
    assert (end["raw"], end["provisional"], end["base_so_far"]) == ("10.4", False, None)
    posts = (await anna.read(f"{PATH}/targets", as_of="2026-07-01"))["data"]
    assert [(post["what"], post["new"]) for post in posts] == [("target", "95"), ("baseline", "100")]
    assert posts[0]["score"]["raw"] == "0.8"


async def test_a_corrected_base_is_out_of_date_until_it_is_resolved_again(anna: Person) -> None:
    """The score does not move by itself; resolving again takes a reason and moves it."""
    etag = await given_cost(anna, COST)
    await send(anna, d20250630="50", d20251231="50", d20260630="48")
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    again = await anna.post(f"{PATH}/resolve")
    assert (again.status_code, again.json()["event_ids"]) == (200, [])
    await send(anna, d20250701="50")
    stale = await anna.read(PATH, as_of="2026-07-01")
    assert (stale["score"]["raw"], stale["score"]["target"]) == ("0.8", "95")
    base = stale["targets"][-1]["base"]
    assert (base["value"], base["out_of_date"], base["now"]) == ("100", True, "150")
    silent = await anna.post(f"{PATH}/resolve")
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    await anna.created(f"{PATH}/resolve", {"reason": "a late invoice"})
    moved = await anna.read(PATH, as_of="2026-07-01")
    assert (moved["score"]["target"], moved["targets"][-1]["base"]["out_of_date"]) == ("142.5", False)
    history = (await anna.read(f"{PATH}/score-history"))["data"]
    causes = [point["cause"] for point in history]
    assert causes.count("key_result.relative_resolved") == 2


async def test_what_is_not_known_yet_is_resolved_when_asked(anna: Person) -> None:
    """Without readings activation goes through; the command says what is missing."""
    etag = await given_cost(anna, COST)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    assert (await anna.read(PATH))["unresolved"] is True
    missing = await anna.post(f"{PATH}/resolve")
    assert (missing.status_code, missing.json()["code"]) == (409, "base_unknown")
    await send(anna, d20250630="-1")
    await anna.read(PATH)
    negative = await anna.post(f"{PATH}/resolve", None, Goaltrail_Min_Position=str(anna.position))
    assert (negative.status_code, negative.json()["code"]) == (422, "base_not_positive")
    await send(anna, d20250701="101")
    await anna.read(PATH)
    await anna.created(f"{PATH}/resolve", {})
    assert (await anna.read(PATH))["targets"][-1]["base"]["value"] == "100"


async def test_opening_the_cycle_resolves_its_active_objectives(anna: Person) -> None:
    """Those that began before it did, when the base was not on record."""
    etag = await given_cost(anna, COST, open_cycle=False)
    await anna.created("/v1/objectives/lean/activate", {}, If_Match=etag)
    # Nothing at all is no target that can be attained: this one stays unresolved, and keeps no other from it.
    drafted = await anna.created("/v1/objectives", {"id": "a-nothing", "title": "x", "cycle": YEAR})
    nothing = {"kind": "at_most", "unit": "KRW", "relative": {"amount": "-100", "of": "previous_year"}}
    added = await anna.created(
        "/v1/objectives/a-nothing/key-results",
        {"id": "nothing", "title": "x", "measure": nothing, "kpi": "cost"},
        If_Match=f'"{drafted["revision"]}"',
    )
    await anna.created("/v1/objectives/a-nothing/activate", {}, If_Match=f'"{added["revision"]}"')
    await send(anna, d20250630="100")
    await anna.read(PATH)
    assert (await anna.read(PATH))["unresolved"] is True
    await anna.created(f"/v1/cycles/{YEAR}/open", {})
    assert (await anna.read(PATH))["score"]["target"] == "95"
    assert (await anna.read("/v1/key-results/nothing"))["unresolved"] is True


async def test_a_target_of_a_kpi_is_resolved_as_it_is_set(anna: Person) -> None:
    """The base is a whole month; a correction shows beside the frozen one, and takes a reason to adopt."""
    definition = {"unit": "KRW", "kind": "delta", "aggregation": "sum", "cadence": "month"}
    defined = await anna.created("/v1/kpis", {"id": "cost", "name_ko": "비용", **definition})
    wanted = {
        "kind": "at_most",
        "relative": {"amount": "-5", "of": "same_period_last_year"},
        "effective_from": "2026-04-01",
        "effective_to": "2026-04-30",
        "reason": "plan",
    }
    path = "/v1/kpis/cost/targets"
    etag = f'"{defined["revision"]}"'
    unknown = await anna.post(path, wanted, If_Match=etag)
    assert (unknown.status_code, unknown.json()["code"]) == (409, "base_unknown")
    await send(anna, d20250331="7", d20250401="60", d20250430="40", d20260410="95.5")
    await anna.read("/v1/kpis/cost")
    await anna.created(path, wanted, If_Match=etag)
    [target] = (await anna.read(path, as_of="2026-04-30"))["data"]
    assert (target["target"], target["baseline"], target["in_force"]) == ("95", "100", True)
    base = target["base"]
    assert (base["start"], base["end"], base["readings"]) == ("2025-04-01", "2025-04-30", 2)
    assert (base["out_of_date"], base["now"]) == (False, "100")
    april = await anna.read("/v1/kpis/cost/trend", **{"from": "2026-04-01", "to": "2026-04-30"})
    assert (april["data"][0]["target"], april["data"][0]["met"]) == ("95", False)

    await send(anna, d20250402="100")
    [target] = (await anna.read(path))["data"]
    assert (target["target"], target["base"]["out_of_date"], target["base"]["now"]) == ("95", True, "200")
    etag = await anna.etag("/v1/kpis/cost")
    silent = await anna.post(path, wanted | {"reason": None}, If_Match=etag)
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    await anna.created(path, wanted | {"reason": "a late invoice"}, If_Match=etag)
    moved = (await anna.read(path))["data"][-1]
    assert (moved["target"], moved["base"]["out_of_date"]) == ("190", False)
