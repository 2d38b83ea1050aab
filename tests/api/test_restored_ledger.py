"""What clients hold of the time before a ledger was restored is refused; what was lost can be sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import typer
from sqlalchemy.schema import DropSchema

from projections.control import set_aside
from services.access.first import ensure_admin_token
from services.api.app import create_app
from services.api.http.services import Services
from services.api.main import connected
from services.cli.accept_ledger import _accept
from services.cli.operator import run_for_operator
from services.keys.keys import Keys
from services.ledger import Ledger, LedgerUncertain, recorded
from services.ledger.kv_cache import Latest
from tests.api.conftest import Person, given_goal, person
from tests.api.given_readings import define, item, send
from tests.lost_ledgers import Place, accepted, keys, place
from tests.running import eventually, projecting
from tests.servers import TestDatabase, make_settings

__all__ = ["keys", "place"]  # fixtures

pytestmark = [pytest.mark.own_database, pytest.mark.faults]


@pytest.fixture
async def api(place: Place, database: TestDatabase, tmp_path: Path) -> AsyncIterator[Services]:
    """An API at the place, and a projector."""
    await ensure_admin_token(place.operator)
    settings = make_settings(
        place.nats, database, workspace=place.workspace, data=tmp_path / "data", role="api"
    )
    async with projecting(place.settings), connected(settings) as services:
        await place.visible(1)
        yield services


async def test_what_is_of_an_old_epoch_is_refused_and_what_was_lost_is_taken_again(
    place: Place, keys: Keys, api: Services, tmp_path: Path
) -> None:
    """Through one process that lived all the time, and remembers the ledger that was lost."""
    transport = httpx.ASGITransport(create_app(api), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
        anna = await person(http, api, "anna", "owner")
        await define(anna, "sales")
        await define(anna, "other")
        erp = await person(http, api, "feed:erp", "feed")
        etag = await given_goal(anna)
        change = {"target": "90", "reason": "won a tender"}
        targets = "/v1/key-results/kr-acv/targets"
        assert (await anna.post(targets, change, If_Match=etag, Idempotency_Key="kept")).status_code == 201
        assert await statuses(erp, "kept") == ["accepted"]
        await place.visible(max(anna.position, erp.position))
        page = await anna.read("/v1/kpis", limit=1)
        await place.copy_to(tmp_path / "copy")

        await reconnected(api)
        lost = await anna.post(
            "/v1/objectives", {"id": "lost", "title": "Lost", "cycle": "2026"}, Idempotency_Key="lost"
        )
        assert lost.status_code == 201
        assert await statuses(erp, "lost", "kept") == ["accepted", "duplicate"]
        await place.visible(max(anna.position, erp.position))
        old = lost.headers["Goaltrail-Position"]
        etag = await anna.etag("/v1/objectives/growth")
        assert "@" not in etag + old

        await place.restore(tmp_path / "copy")
        await place.set_aside()
        await reconnected(api)
        refused = [
            await http.get("/v1/kpis", headers=anna.headers),
            await anna.post("/v1/objectives", {"id": "new", "title": "New", "cycle": "2026"}),
            await send(erp, orjson.dumps([item("lost")])),
        ]
        assert [(one.status_code, one.json()["code"]) for one in refused] == [(503, "ledger_differs")] * 3

        await accepted(place, keys)
        await place.visible(1)
        read = await http.get("/v1/objectives/growth", headers=anna.headers)
        assert read.status_code == 200
        new_etag, position = read.headers["ETag"], read.headers["Goaltrail-Position"]
        assert new_etag.endswith('@2"')
        assert position.endswith("@2")
        assert (await http.get("/v1/objectives/lost", headers=anna.headers)).status_code == 404

        other = {"target": "95", "reason": "and another one"}
        for answer in (
            await http.get("/v1/kpis", headers=anna.headers | {"Goaltrail-Min-Position": old}),
            await http.get("/v1/kpis", headers=anna.headers, params={"cursor": page["next_cursor"]}),
            await post(anna, targets, other, {"If-Match": etag}),
            await post(
                anna,
                "/v1/objectives",
                {"id": "lost", "title": "Lost", "cycle": "2026"},
                {"Idempotency-Key": "lost"},
            ),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "ledger_restored"), answer.text

        # What stands before the cut is answered as before; what is of this epoch works.
        again = await post(anna, targets, change, {"If-Match": new_etag, "Idempotency-Key": "kept"})
        assert (again.status_code, again.headers.get("Idempotent-Replayed")) == (201, "true")
        changed = await post(anna, targets, other, {"If-Match": new_etag})
        assert changed.status_code == 201, changed.text
        wanted = {"Goaltrail-Min-Position": changed.headers["Goaltrail-Position"]}
        page = (await http.get("/v1/kpis", headers=anna.headers | wanted, params={"limit": 1})).json()
        rest = await http.get("/v1/kpis", headers=anna.headers, params={"cursor": page["next_cursor"]})
        assert rest.status_code == 200, rest.text

        async def taken() -> Any:
            # The first one may be told to come again: this process has to forget first.
            response = await raw_send(erp, "lost", "kept")
            return response.json() if response.status_code == 200 else None

        async with place.engine.begin() as connection:
            ((_, schema),) = await set_aside(connection, place.workspace, "state")
            await connection.execute(DropSchema(schema, cascade=True))
        unit = {"id": "team", "name_ko": "Team", "level": "team"}
        drafted = await post(anna, "/v1/org-units", unit, {"Idempotency-Key": "once more"})
        assert drafted.status_code == 201, drafted.text

        receipts = (await eventually(taken))["receipts"]
        assert [one["status"] for one in receipts] == ["accepted", "duplicate"]


async def test_what_was_taken_back_for_good_stays_so(
    place: Place, keys: Keys, api: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody forgotten, a token revoked and words redacted after the copy was made; wherever it is broken
    off, the ledger is accepted only once all of it holds again."""
    transport = httpx.ASGITransport(create_app(api), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
        root, anna = await person(http, api, "root", "admin"), await person(http, api, "anna", "owner")
        known = (await root.created("/v1/people", {"name": "Suro", "mail": "suro@example.com"}))["id"]
        suro, gone = await person(http, api, known, "editor"), await person(http, api, "gone", "editor")
        other = (await root.created("/v1/people", {"name": "Lena"}))["id"]
        feedback = (await suro.created("/v1/feedback", {"to": "anna", "text": "Well done"}))["id"]
        redacted = (await anna.created("/v1/feedback", {"to": "root", "text": "Too slow"}))["id"]
        opened = {"parties": ["root"], "agenda": "Pay", "audience": "everyone"}
        talk = (await anna.created("/v1/conversations", opened))["id"]
        await place.visible(anna.position)
        await place.copy_to(tmp_path / "copy")

        await reconnected(api)
        why = {"reason": "asked for it"}
        # Whoever was registered after the copy was made is forgotten all the same, and so are those of whom
        # nobody knows but by what they wrote.
        late = (await root.created("/v1/people", {"name": "Late"}))["id"]
        for one in (known, late, "gone"):
            answer = await root.post(f"/v1/people/{one}/forget", why)
            assert answer.status_code == 200, answer.text
        token_id = next(one.id for one in api.access.list(place.workspace) if one.actor == "person:root")
        root_again = await person(http, api, "root", "admin")
        assert (await http.delete(f"/v1/tokens/{token_id}", headers=root_again.headers)).status_code == 204
        assert (await anna.post(f"/v1/feedback/{redacted}/redact", {})).status_code == 200
        narrowed = await anna.post(f"/v1/conversations/{talk}/narrow", {"audience": "parties"})
        assert narrowed.status_code == 200, narrowed.text
        await place.visible(max(anna.position, root_again.position))

        await place.restore(tmp_path / "copy")
        await place.set_aside()
        assert await accepted_at_last(place, keys, monkeypatch) == STORED
        await place.visible(1)
        await reconnected(api)

        async def opens_nothing() -> bool:
            ended = (suro, gone, root)
            return all(
                [(await http.get("/v1/kpis", headers=one.headers)).status_code == 401 for one in ended]
            )

        await eventually(opens_nothing)
        for one in (known, late, "gone"):
            found = (await http.get(f"/v1/people/{one}", headers=anna.headers)).json()
            assert (found["forgotten"], found["name"], found["mail"]) == (True, "[erased]", "[erased]")
        assert (await http.get(f"/v1/people/{other}", headers=anna.headers)).json()["name"] == "Lena"
        for id_, text in ((feedback, "[erased]"), (redacted, None)):
            read = (await http.get(f"/v1/feedback/{id_}", headers=anna.headers)).json()
            assert read["text"] == text, read
        found = await http.get(f"/v1/conversations/{talk}", headers=anna.headers)
        assert found.json()["audience"] == "parties"
        records = await trail_of(place)
        assert records.count("person.forgotten") == 3
        assert records.count("access.token_revoked") == 3
        assert records[-1] == "ledger.restored"
        for one in (known, late, "gone"):
            assert not await keys.has_key(place.workspace, f"person:{one}")
            assert keys.forgotten(place.workspace, f"person:{one}")


async def test_without_a_trail_keys_and_tokens_tell_and_a_person_confirms(
    place: Place, keys: Keys, api: Services, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the ledger was restored, and nobody has the trail any more: what is known holds again, and that
    not all is known has to be confirmed."""
    transport = httpx.ASGITransport(create_app(api), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as http:
        root, suro = await person(http, api, "root", "admin"), await person(http, api, "suro", "editor")
        await suro.created("/v1/feedback", {"to": "anna", "text": "Well done"})
        bad = await api.access.issue(place.workspace, "person:bad", "viewer")
        await place.visible(bad.position)
        await place.copy_to(tmp_path / "copy")
        await reconnected(api)
        forgotten = await root.post("/v1/people/suro/forget", {"reason": "asked for it"})
        assert forgotten.status_code == 200
        await api.access.revoke(place.workspace, bad.record.id)
        head = await api.ledger.head(place.workspace)
        await place.visible(head)
        await place.restore_ledger(tmp_path / "copy")
        await place.set_aside()
        async with place.engine.begin() as connection:
            ((_, schema),) = await set_aside(connection, place.workspace, "audit")
            await connection.execute(DropSchema(schema, cascade=True))

        def accept(**confirmed: bool) -> None:
            work = _accept(place.operator, place.workspace, "the disk broke", ask=False, **confirmed)
            run_for_operator(place.operator, work)

        with pytest.raises(typer.Exit):
            await asyncio.to_thread(accept, without_evidence=False)
        assert "--without-evidence" in capsys.readouterr().err
        assert "person.forgotten" not in await trail_of(place)
        await asyncio.to_thread(accept, without_evidence=True)
        await place.visible(1)
        records = await trail_of(place)
        assert [records.count(name) for name in ("person.forgotten", "access.token_revoked")] == [1, 2]
        assert records[-1] == "ledger.restored"
        assert (await http.get("/v1/people/suro", headers=root.headers)).json()["forgotten"]


STORED = 3 + 3 + 2 + 3 + 3 + 2 + 1
"""People forgotten, tokens revoked, words taken back; tokens that were stored as valid; marks of people, the
keys that they had in the copy; and that the ledger is accepted."""


async def accepted_at_last(place: Place, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> int:
    """Accept a ledger, broken off behind each thing that is stored; return how many there are."""

    def breaking(store: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def stores(*arguments: Any, **more: Any) -> Any:
            if await store(*arguments, **more) is not False:  # there was something to erase
                raise LedgerUncertain("broken off")
            return False

        return stores

    with monkeypatch.context() as patch:
        patch.setattr("services.ledger.identity.PAUSE", 0.01)  # one node: its word does not change
        for kind, name in ((Ledger, "append"), (Latest, "put"), (Latest, "erase")):
            patch.setattr(kind, name, breaking(getattr(kind, name)))
        for n in range(100):
            async with await Ledger.connect(place.operator) as ledger:
                if await ledger.epoch(place.workspace) == 2:
                    return n
            assert (await place.views()).differs is not None
            with pytest.raises(LedgerUncertain):
                await accepted(place, keys)
    raise AssertionError("it has no end")


async def trail_of(place: Place) -> list[str]:
    """The names of all events but readings, in their order."""
    async with await Ledger.connect(place.operator) as ledger:
        return [
            recorded(message).event.name
            async for messages in ledger.read(place.workspace, 0)
            for message in messages
        ]


async def statuses(erp: Person, *ids: str) -> list[str]:
    """Send readings; return what became of each."""
    response = await raw_send(erp, *ids)
    assert response.status_code == 200, response.text
    return [one["status"] for one in response.json()["receipts"]]


async def raw_send(erp: Person, *ids: str) -> httpx.Response:
    """Send readings, whatever the answer is."""
    headers = erp.headers | {"Content-Type": "application/json"}
    body = orjson.dumps([item(id_) for id_ in ids])
    return await erp.http.post("/v1/readings", content=body, headers=headers)


async def post(who: Person, path: str, body: Any, headers: dict[str, str]) -> httpx.Response:
    """Send a write with these headers and no others."""
    return await who.http.post(path, json=body, headers=who.headers | headers)


async def reconnected(api: Services) -> None:
    """Wait until the API has its connection again."""

    async def connected_again() -> bool:
        return api.ledger.connected

    await eventually(connected_again)
