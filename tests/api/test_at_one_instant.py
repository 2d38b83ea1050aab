"""Rules that span aggregates hold among requests of one instant: an id is used once, circles are refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import httpx
import pytest

from tests.api.conftest import Person

pytestmark = pytest.mark.usefixtures("projector")

PAIRS = 8
MEASURE = {"kind": "at_least", "target": "5", "unit": "count"}


@pytest.fixture
async def pairs(anna: Person) -> dict[str, str]:
    """An open cycle, pairs of objectives and of units with names that end in a and b; their ETags by id."""
    await anna.created(
        "/v1/cycles",
        {"id": "y25", "name": "2025", "start": "2025-01-01", "end": "2025-12-31", "kind": "year"},
    )
    await anna.created("/v1/cycles/y25/open", {})
    await anna.created("/v1/org-units", {"id": "top", "name_ko": "본사", "level": "company"})

    async def made(id_: str) -> list[tuple[str, str]]:
        goal = await anna.created("/v1/objectives", {"id": f"o{id_}", "title": id_, "cycle": "y25"})
        unit = {"id": f"u{id_}", "name_ko": id_, "level": "team", "parent": "top"}
        made = await anna.created("/v1/org-units", unit)
        return [(f"o{id_}", f'"{goal["revision"]}"'), (f"u{id_}", f'"{made["revision"]}"')]

    found = await asyncio.gather(*(made(f"{n}{side}") for n in range(PAIRS) for side in "ab"))
    return dict(etag for each in found for etag in each)


async def at_once(*requests: Awaitable[httpx.Response]) -> list[list[httpx.Response]]:
    """Answers of requests that are all sent at once, pair by pair."""
    answers = await asyncio.gather(*requests)
    return [[*answers[n : n + 2]] for n in range(0, len(answers), 2)]


def assert_one_wins(answers: Sequence[Sequence[httpx.Response]], won: int, code: str) -> None:
    """In every pair one was carried out, and the other refused for the rule."""
    outcomes = [sorted((each.status_code, each.json().get("code", "")) for each in pair) for pair in answers]
    expected = (won, "")
    assert all(first == expected and second[1] == code for first, second in outcomes), outcomes


async def test_an_id_is_given_to_one_of_two(anna: Person, pairs: dict[str, str]) -> None:
    """Key results of two objectives or of two units, and an objective beside a key result."""

    def add(n: int, side: str, id_: str) -> Awaitable[httpx.Response]:
        body = {"id": id_, "title": side, "measure": MEASURE}
        goal = f"o{n}{side}"
        return anna.post(f"/v1/objectives/{goal}/key-results", body, If_Match=pairs[goal])

    def add_directly(n: int, side: str) -> Awaitable[httpx.Response]:
        body = {"id": f"direct{n}", "title": side, "cycle": "y25", "measure": MEASURE}
        return anna.post(f"/v1/org-units/u{n}{side}/key-results", body)

    answers = await at_once(*(add(n, side, f"k{n}") for n in range(PAIRS) for side in "ab"))
    assert_one_wins(answers, 201, "key_result_exists")
    answers = await at_once(*(add_directly(n, side) for n in range(PAIRS) for side in "ab"))
    assert_one_wins(answers, 201, "key_result_exists")

    async def add_or_draft(n: int, side: str) -> httpx.Response:
        if side == "b":
            return await anna.post("/v1/objectives", {"id": f"both{n}", "title": "x", "cycle": "y25"})
        body = {"id": f"both{n}", "title": "x", "cycle": "y25", "measure": MEASURE}
        return await anna.post("/v1/org-units/top/key-results", body)

    answers = await at_once(*(add_or_draft(n, side) for n in range(PAIRS) for side in "ab"))
    assert_one_wins(answers, 201, "key_result_exists")
    for n in range(PAIRS):
        assert (await anna.read(f"/v1/key-results/k{n}"))["objective"] in (f"o{n}a", f"o{n}b")


async def test_no_two_close_a_circle(anna: Person, pairs: dict[str, str]) -> None:
    """Of goals that support each other, and of units under each other."""

    def support(n: int, one: str, other: str) -> Awaitable[httpx.Response]:
        body: dict[str, Any] = {"supports": [f"o{n}{other}"]}
        return anna.post(f"/v1/objectives/o{n}{one}/supports", body, If_Match=pairs[f"o{n}{one}"])

    def move(n: int, one: str, other: str) -> Awaitable[httpx.Response]:
        body = {"parent": f"u{n}{other}", "reason": "x"}
        return anna.patch(f"/v1/org-units/u{n}{one}", body, If_Match=pairs[f"u{n}{one}"])

    sides = ("ab", "ba")
    answers = await at_once(*(support(n, *side) for n in range(PAIRS) for side in sides))
    assert_one_wins(answers, 200, "supports_itself")
    answers = await at_once(*(move(n, *side) for n in range(PAIRS) for side in sides))
    assert_one_wins(answers, 200, "org_unit_below_itself")


async def test_no_unit_begins_below_one_that_ends(anna: Person, pairs: dict[str, str]) -> None:
    """The one is archived, or the other there; never both."""

    async def archive_or_create(n: int, side: str) -> httpx.Response:
        if side == "b":
            below = {"id": f"below{n}", "name_ko": "x", "level": "team", "parent": f"u{n}a"}
            return await anna.post("/v1/org-units", below)
        body = {"archived": True, "reason": "x"}
        return await anna.patch(f"/v1/org-units/u{n}a", body, If_Match=pairs[f"u{n}a"])

    answers = await at_once(*(archive_or_create(n, side) for n in range(PAIRS) for side in "ab"))
    for archived, created in answers:
        assert (archived.status_code, created.status_code) in ((200, 409), (409, 201)), created.text
