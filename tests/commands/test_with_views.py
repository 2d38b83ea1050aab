"""Commands decided on views: up to date, behind, and what answers a retry then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import column, select, table

from events.cycles.commands import CloseCycle
from events.errors import Refused
from events.ids import Aggregate
from events.objectives.commands import AddKeyResult, DraftObjective, DropObjective, RewordObjective
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit
from services.access.callers import Caller
from services.api.main import _locks
from services.commands.errors import KeyReused, Stale
from services.commands.handler import Answer, Goals
from services.commands.state_loader import FEW
from services.ledger import Entry, Ledger, StoredMessage
from services.ledger.provision import provision
from services.postgres.views import Views, ViewsUnavailable
from tests.api.conftest import SettingsFor, projecting
from tests.commands.conftest import handler
from tests.commands.given_commands import CYCLE, GROWTH, KEY_RESULT, change, given_objective, revision_of


@pytest.fixture
async def provisioned_for(settings_for: SettingsFor) -> SettingsFor:
    """Settings by role, once the streams are there; the database is empty."""
    await provision(settings_for("operator"))
    return settings_for


@pytest.fixture
async def ledger(provisioned_for: SettingsFor) -> AsyncIterator[Ledger]:
    """A connection as the application."""
    async with await Ledger.connect(provisioned_for("api")) as connected:
        yield connected


@pytest.fixture
async def goals(provisioned_for: SettingsFor, ledger: Ledger) -> AsyncIterator[Goals]:
    """The handler with PostgreSQL."""
    async for made in handler(provisioned_for("api"), ledger):
        yield made


async def catch_up(settings_for: SettingsFor, ledger: Ledger, workspace: str) -> None:
    """Let a projector bring the views to the ledger's head, and stop it."""
    head = await ledger.head(workspace)
    async with projecting(settings_for("projector")), Views.connect(settings_for("api")) as views:
        await views.wait(workspace, head, timeout=20)


@pytest.fixture
def read(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The subjects that were read from the ledger; None for all of them."""
    subjects: list[str | None] = []
    whole_read = ledger.read

    def noting(workspace: str, after: int, **how: Any) -> Any:
        subjects.append(how.get("subject"))
        return whole_read(workspace, after, **how)

    monkeypatch.setattr(ledger, "read", noting)
    return subjects


async def test_views_at_the_head_are_all_it_takes(
    goals: Goals, ledger: Ledger, provisioned_for: SettingsFor, anna: Caller, read: list[str | None]
) -> None:
    """The aggregate's events are not read from the ledger again."""
    before = await given_objective(goals, anna)
    await catch_up(provisioned_for, ledger, anna.workspace)
    read.clear()
    answer = await goals.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(before))
    assert read == []
    assert answer.position == before.position + 1


@pytest.mark.parametrize(("elsewhere", "reads"), [(1, 1), (FEW, 1), (FEW + 1, 0)])
async def test_what_is_new_elsewhere_needs_no_second_look(
    elsewhere: int,
    reads: int,
    goals: Goals,
    ledger: Ledger,
    provisioned_for: SettingsFor,
    anna: Caller,
    read: list[str | None],
) -> None:
    """Views that lack a few events of others are as good; if they lack many, the aggregates are asked for."""
    before = await given_objective(goals, anna)
    await catch_up(provisioned_for, ledger, anna.workspace)
    other = Aggregate("objective", "other")
    drafted = await goals.execute(anna, other, DraftObjective(title="Other", cycle="2026"))
    for number in range(elsewhere - 1):
        await goals.execute(anna, other, RewordObjective(title=f"Other {number}"))
    assert await ledger.head(anna.workspace) == drafted.position + elsewhere - 1
    read.clear()
    answer = await goals.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(before))
    assert read.count(None) == reads
    assert (len(read) > reads) == (elsewhere > FEW)
    assert answer.position == drafted.position + elsewhere
    with pytest.raises(Stale):
        await goals.execute(anna, GROWTH, change(99), reason="more", if_match=revision_of(before))


async def test_a_build_that_is_gone_keeps_nobody_from_reading(
    goals: Goals, ledger: Ledger, provisioned_for: SettingsFor, anna: Caller
) -> None:
    """Its reader has to ask again; PostgreSQL does not count as away for all the others."""
    await given_objective(goals, anna)
    await catch_up(provisioned_for, ledger, anna.workspace)
    async with Views.connect(provisioned_for("api")) as views:
        with pytest.raises(ViewsUnavailable):
            async with views.open(anna.workspace) as view:
                await view.connection.execute(select(table("a_table_that_was_dropped", column("id"))))
        async with views.open(anna.workspace) as view:
            assert view.position == await ledger.head(anna.workspace)


async def test_what_comes_after_the_head_was_asked_for_is_not_waited_for(
    goals: Goals,
    ledger: Ledger,
    provisioned_for: SettingsFor,
    anna: Caller,
    read: list[str | None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However fast readings come in, a command reads to the head that it asked for."""
    before = await given_objective(goals, anna)
    await catch_up(provisioned_for, ledger, anna.workspace)
    await goals.execute(anna, Aggregate("objective", "other"), DraftObjective(title="Other", cycle="2026"))
    whole_read, ask = ledger.read, ledger.head
    pieces: list[int] = []

    async def noting(workspace: str, after: int, **how: Any) -> AsyncIterator[list[StoredMessage]]:
        async with aclosing(whole_read(workspace, after, **how)) as messages:
            async for piece in messages:
                pieces.append(len(piece))
                yield piece

    async def asking(workspace: str) -> int:
        head = await ask(workspace)
        readings = [Entry(f"ledger.{workspace}.reading.sales", b"{}") for _ in range(500)]
        await ledger.append(workspace, readings, {})
        return head

    monkeypatch.setattr(ledger, "read", noting)
    monkeypatch.setattr(ledger, "head", asking)
    await goals.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(before))
    assert pieces == [1]


async def test_views_that_are_behind_mislead_nobody(
    goals: Goals, ledger: Ledger, provisioned_for: SettingsFor, anna: Caller
) -> None:
    """State, revision and the facts of others are those of the ledger."""
    before = await given_objective(goals, anna)
    await catch_up(provisioned_for, ledger, anna.workspace)
    answer = await goals.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(before))
    again = await goals.execute(anna, GROWTH, change(95), reason="more", if_match=revision_of(answer))
    with pytest.raises(Stale) as stale:
        await goals.execute(anna, GROWTH, change(99), reason="more", if_match=revision_of(before))
    assert stale.value.current.position == again.revision
    await goals.execute(anna, CYCLE, CloseCycle(), reason="enough")
    with pytest.raises(Refused, match="cycle_closed"):
        await goals.execute(anna, GROWTH, change(99), reason="more")


async def test_goals_and_units_that_no_view_has_are_known(
    goals: Goals, ledger: Ledger, provisioned_for: SettingsFor, anna: Caller
) -> None:
    """What a new objective supports, taken ids, and the tree of units."""
    await given_objective(goals, anna)
    await goals.execute(anna, Aggregate("org_unit", "top"), CreateOrgUnit(name_ko="T", level="team"))
    await catch_up(provisioned_for, ledger, anna.workspace)
    late = Aggregate("objective", "late")
    await goals.execute(anna, late, DraftObjective(title="Late", cycle="2026"))
    await goals.execute(anna, late, AddKeyResult(key_result="late-kr", **KEY_RESULT))
    supporting = DraftObjective(title="S", cycle="2026", supports=("growth", "acv", "late", "late-kr"))
    await goals.execute(anna, Aggregate("objective", "supporting"), supporting)
    for taken in ("acv", "late-kr"):
        with pytest.raises(Refused, match="key_result_exists"):
            await goals.execute(
                anna,
                Aggregate("objective", "supporting"),
                AddKeyResult(key_result=taken, **KEY_RESULT),
            )
    assert await goals.objective_of(anna.workspace, "late-kr") == "late"
    below = CreateOrgUnit(name_ko="B", level="team", parent="top")
    await goals.execute(anna, Aggregate("org_unit", "below"), below)
    with pytest.raises(Refused, match="org_unit_has_units"):
        await goals.execute(anna, Aggregate("org_unit", "top"), ArchiveOrgUnit())


async def test_a_retry_is_answered_by_the_views(
    goals: Goals, ledger: Ledger, provisioned_for: SettingsFor, anna: Caller
) -> None:
    """However much later, with the position and revision of the first try; another request is told."""
    await given_objective(goals, anna)
    asked: dict[str, Any] = {"reason": "more", "key": "k", "body_hash": "h"}
    first = await goals.execute(anna, GROWTH, change(90), **asked)
    await goals.execute(anna, GROWTH, DropObjective(), reason="no")
    await catch_up(provisioned_for, ledger, anna.workspace)
    assert await goals.execute(anna, GROWTH, change(90), **asked) == first._replace(replayed=True)
    for aggregate, body_hash in ((GROWTH, "other"), (CYCLE, "h")):
        with pytest.raises(KeyReused):
            await goals.execute(anna, aggregate, change(90), **asked | {"body_hash": body_hash})


async def test_a_retry_is_answered_by_the_ledger_while_views_are_behind(
    goals: Goals, ledger: Ledger, provisioned_for: SettingsFor, anna: Caller
) -> None:
    """The aggregate's own events tell."""
    await given_objective(goals, anna)
    await catch_up(provisioned_for, ledger, anna.workspace)
    asked: dict[str, Any] = {"reason": "more", "key": "k", "body_hash": "h"}
    first = await goals.execute(anna, GROWTH, change(90), **asked)
    await goals.execute(anna, GROWTH, change(95), reason="more")
    assert await goals.execute(anna, GROWTH, change(90), **asked) == first._replace(replayed=True)


@asynccontextmanager
async def _processes(settings_for: SettingsFor, count: int) -> AsyncIterator[list[Goals]]:
    """Handlers as several API processes have them, each with connections and locks of its own."""
    settings = settings_for("api")
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            ledger = await stack.enter_async_context(await Ledger.connect(settings))
            locks = await _locks(settings, stack)
            made.append(await stack.enter_async_context(_handler(settings, ledger, locks)))
        yield made


_handler = asynccontextmanager(handler)


async def test_rules_that_span_aggregates_hold_over_several_processes(
    provisioned_for: SettingsFor, anna: Caller
) -> None:
    """Two processes at the same instant: no id is taken twice, and no units make a circle."""
    async with _processes(provisioned_for, 2) as (one, other):
        await given_objective(one, anna)
        second = Aggregate("objective", "second")
        await one.execute(anna, second, DraftObjective(title="Second", cycle="2026"))
        for unit in ("a", "b"):
            await one.execute(anna, Aggregate("org_unit", unit), CreateOrgUnit(name_ko=unit, level="team"))
        for number in range(8):
            key_result = AddKeyResult(key_result=f"kr-{number}", **KEY_RESULT)
            answers = await asyncio.gather(
                one.execute(anna, GROWTH, key_result, reason="r"),
                other.execute(anna, second, key_result),
                return_exceptions=True,
            )
            assert {type(answer) for answer in answers} == {Answer, Refused}, answers
        moves = await asyncio.gather(
            one.execute(anna, Aggregate("org_unit", "a"), MoveOrgUnit(parent="b"), reason="r"),
            other.execute(anna, Aggregate("org_unit", "b"), MoveOrgUnit(parent="a"), reason="r"),
            return_exceptions=True,
        )
        assert sum(isinstance(move, Refused) for move in moves) == 1, moves


async def test_a_key_in_flight_in_two_processes_is_carried_out_once(
    provisioned_for: SettingsFor, anna: Caller, ledger: Ledger
) -> None:
    """The same request at both: one event. The same key for something else: one of them is refused."""
    new = CreateOrgUnit(name_ko="U", level="team")
    async with _processes(provisioned_for, 2) as processes:
        for number in range(8):
            unit = Aggregate("org_unit", f"u{number}")
            same = await asyncio.gather(
                *(each.execute(anna, unit, new, key=f"k{number}", body_hash="h") for each in processes)
            )
            assert same[0].event_ids == same[1].event_ids
            assert same[0].position == same[1].position
            assert len(await ledger.load(anna.workspace, unit)) == 1
            different = await asyncio.gather(
                *(
                    each.execute(
                        anna,
                        Aggregate("org_unit", f"x{number}-{place}"),
                        new,
                        key=f"x{number}",
                        body_hash=f"{place}",
                    )
                    for place, each in enumerate(processes)
                ),
                return_exceptions=True,
            )
            assert sum(isinstance(answer, KeyReused) for answer in different) == 1, different


async def test_a_key_of_two_requests_in_two_processes_serves_one(
    provisioned_for: SettingsFor, anna: Caller, ledger: Ledger
) -> None:
    """Also of commands that wait for no rule: each process finds the key free, one of them is refused."""
    async with _processes(provisioned_for, 2) as (one, other):
        await given_objective(one, anna)
        second = Aggregate("objective", "second")
        await one.execute(anna, second, DraftObjective(title="Second", cycle="2026"))
        for number in range(8):
            head = await ledger.head(anna.workspace)
            to = GROWTH if number % 2 else second
            asked: dict[str, Any] = {"reason": "more", "key": f"k{number}"}
            answers = await asyncio.gather(
                one.execute(anna, GROWTH, change(81 + number), body_hash="one", **asked),
                other.execute(anna, to, RewordObjective(title=f"It {number}"), body_hash="other", **asked),
                return_exceptions=True,
            )
            assert {type(answer) for answer in answers} == {Answer, KeyReused}, answers
            assert await ledger.head(anna.workspace) == head + 1


async def test_without_postgresql_rules_over_several_processes_are_refused(
    provisioned_for: SettingsFor, anna: Caller, ledger: Ledger
) -> None:
    """Nobody knows then what the others do; what needs no such rule goes on."""
    async with _processes(provisioned_for, 1) as (one,):
        answer = await given_objective(one, anna)
    settings = provisioned_for("api").model_copy(
        update={"database_url": SecretStr("postgresql://nobody@127.0.0.1:1/none")}
    )
    async with AsyncExitStack() as stack:
        locks = await _locks(settings, stack)
        lonely = await stack.enter_async_context(_handler(settings, ledger, locks))
        with pytest.raises(ViewsUnavailable):
            await lonely.execute(
                anna, Aggregate("org_unit", "new"), CreateOrgUnit(name_ko="New", level="team")
            )
        changed = await lonely.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(answer))
        assert changed.position > answer.position
