"""A cycle that is over and not closed yet: its final figures over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

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
