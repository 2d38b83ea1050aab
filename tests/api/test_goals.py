"""Goals over HTTP: written, changed, read now and then."""

from __future__ import annotations

import pytest

from tests.api.conftest import Person, given_goal

pytestmark = pytest.mark.usefixtures("projector")


async def test_a_goal_is_read_as_it_was_written(anna: Person) -> None:
    """The objective with its key result, the ETag of the last answer, both times and the position."""
    etag = await given_goal(anna)
    response = await anna.get("/v1/objectives/growth")
    assert response.status_code == 200, response.text
    assert response.headers["ETag"] == etag
    goal = response.json()
    assert goal["status"] == "active"
    assert goal["position"] >= anna.position
    assert {"as_of", "known_at"} <= goal.keys()
    [key_result] = goal["key_results"]
    assert key_result["measure"]["target"] == "80"
    assert key_result["score"]["pending"] is True
    assert goal["pending"] == ["kr-acv"]
