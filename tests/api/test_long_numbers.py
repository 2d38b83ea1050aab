"""Numbers that cost more than they look like: refused where JSON is read, at every place of every body."""

from __future__ import annotations

from itertools import cycle
from typing import Any

import orjson
import pytest

from services.api.http.services import Services
from tests.api.conftest import Person
from tests.api.given_readings import erp, item, send
from tests.api.operations import Write, places, replaced, writes

__all__ = ["erp"]  # a fixture

NDJSON = "application/x-ndjson"
MARK = "the number stands here"
COSTLY = [
    "1e9999999",
    "-1E+9999999",
    "1e-9999999",
    "0.1e99999999999999999999",
    "1" * 5000,
    "-" + "1" * 5000,
    "0." + "1" * 5000,
    "1" * 101,
]
LARGE = ["9" * 100, "-9e99", "1e-100"]
"""Such as are still read."""


@pytest.fixture
async def root(http: Any, services: Services) -> Person:
    """An administrator."""
    issued = await services.access.issue(services.settings.workspace, "person:root", "admin")
    return Person(http, str(issued.token))


async def ask(root: Person, write: Write, content: bytes) -> Any:
    """The answer to a body as it is."""
    headers = {**root.headers, "Content-Type": write.media_type, "If-Match": '"1"'}
    return await root.http.request(write.method, write.path, content=content, headers=headers)


async def test_a_number_that_is_too_long_is_refused_before_a_model_sees_it(root: Person) -> None:
    """400 at each place of every body, also at one that the operation does not have."""
    costly, large = cycle(COSTLY), cycle(LARGE)
    for write in writes():
        if write.path == "/v1/readings":
            continue
        example = {**write.example, "surplus": [{}]}
        for place in [*places(example), ("surplus", 0)]:
            body = orjson.dumps(replaced(example, place, MARK))
            number = next(costly)
            answer = await ask(root, write, body.replace(f'"{MARK}"'.encode(), number.encode()))
            told = (answer.status_code, answer.json()["code"])
            assert told == (400, "invalid_json"), (write, place, number[:20])
            number = next(large)
            answer = await ask(root, write, body.replace(f'"{MARK}"'.encode(), number.encode()))
            assert 400 <= answer.status_code < 500, (write, place, number[:20], answer.text)


def in_format(media_type: str, one: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """An item as it is written in a format, and where its value is then."""
    if media_type != "application/cloudevents-batch+json":
        return one, "/value"
    data = {name: one[name] for name in ("kpi", "value")}
    event = {"specversion": "1.0", "id": one["source_id"], "time": one["observed_at"], "type": "t"}
    return {**event, "source": "/s", "data": data}, "/value"


@pytest.mark.usefixtures("projector")
@pytest.mark.parametrize("write", [w for w in writes() if w.path == "/v1/readings"], ids=lambda w: w.name)
async def test_a_number_that_is_too_long_rejects_its_item_only(erp: Person, write: Write) -> None:
    """At each place of an item, in every format; its neighbours are taken."""
    first, last = (in_format(write.media_type, item(id_))[0] for id_ in ("first", "last"))
    middle, value = in_format(write.media_type, item("middle", source_version=3, dimensions={"region": "x"}))
    ignored = {"specversion", "type", "source"}  # of a CloudEvent; the version has to be a text
    bodies = []
    for place in places(middle):
        for number in COSTLY:
            items = [orjson.dumps(one) for one in (first, replaced(middle, place, MARK), last)]
            whole = b"\n".join(items) if write.media_type == NDJSON else b"[" + b",".join(items) + b"]"
            bodies.append((place, number, whole.replace(f'"{MARK}"'.encode(), number.encode())))
    for place, number, body in bodies:
        answer = await send(erp, body, write.media_type)
        assert answer.status_code == 200, (place, number[:20], answer.text)
        lines = [orjson.loads(line) for line in answer.content.splitlines()]
        receipts = lines[:-1] if write.media_type == NDJSON else lines[0]["receipts"]
        statuses = [receipt["status"] for receipt in receipts]
        assert {statuses[0], statuses[2]} <= {"accepted", "duplicate"}
        if place[0] in ignored and place[0] != "specversion":
            continue
        assert statuses[1] == "rejected", (place, number[:20])
        if place[-1] == "value":
            assert (receipts[1]["code"], receipts[1]["pointer"]) == ("invalid_number", f"#{value}")
            assert "at most" in receipts[1]["reason"]
