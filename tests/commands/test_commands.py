"""Load, decide, append: what a command answers, and what it leaves on the ledger."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from events.commands import Command
from events.cycles.commands import CloseCycle
from events.errors import Refused
from events.feeds.commands import ChangeFeed, RegisterFeed
from events.ids import Aggregate
from events.measures import Measure
from events.objectives.commands import (
    AddKeyResult,
    CheckIn,
    DraftObjective,
    DropObjective,
    RewordObjective,
)
from events.objectives.key_result_events import TargetChanged
from events.org_units.commands import ArchiveOrgUnit, CreateOrgUnit, MoveOrgUnit
from services.access.callers import Caller
from services.commands.errors import ClockAhead, KeyInFlight, KeyReused, Stale
from services.commands.handler import Answer, Goals
from services.keys.sealing import SEALED_PREFIX
from services.ledger import Ledger, WorkspaceUnknown
from tests.commands.given_commands import CYCLE, GROWTH, change, given_objective, revision_of


async def test_a_change_is_one_event_at_the_answered_position(
    goals: Goals, ledger: Ledger, anna: Caller
) -> None:
    """The event has the answered id, the old and the new value, the author and the day."""
    before = await given_objective(goals, anna)
    answer = await goals.execute(
        anna, GROWTH, change(90), reason="won a tender", if_match=revision_of(before)
    )
    event = (await ledger.load(anna.workspace, GROWTH))[-1]
    assert (event.position, event.event.id) == (answer.position, answer.event_ids[0])
    assert isinstance(event.event.data, TargetChanged)
    assert (event.event.data.old, event.event.data.new) == (Decimal(80), Decimal(90))
    assert event.event.actor == "person:anna"
    assert event.event.business_day is not None


async def test_a_reason_is_sealed_on_the_ledger(goals: Goals, ledger: Ledger, anna: Caller) -> None:
    """People's words are not readable there."""
    await given_objective(goals, anna)
    await goals.execute(anna, GROWTH, change(90), reason="won a tender")
    last = (await ledger.load(anna.workspace, GROWTH))[-1]
    assert last.event.reason is not None
    assert last.event.reason.startswith(SEALED_PREFIX)


async def test_a_stale_revision_is_refused(goals: Goals, anna: Caller, boris: Caller) -> None:
    """Two changes that were based on the same read: the second one has to read again."""
    before = await given_objective(goals, anna)
    answer = await goals.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(before))
    with pytest.raises(Stale) as stale:
        await goals.execute(boris, GROWTH, change(70), reason="less", if_match=revision_of(before))
    assert stale.value.current.position == answer.revision


async def test_a_check_in_does_not_make_a_read_stale(goals: Goals, anna: Caller, boris: Caller) -> None:
    """It reports, it does not change the goal."""
    before = await given_objective(goals, anna)
    reported = await goals.execute(boris, GROWTH, CheckIn(key_result="acv", value=Decimal(60)))
    assert reported.revision == before.revision
    assert reported.position > before.position
    await goals.execute(anna, GROWTH, change(90), reason="more", if_match=revision_of(before))


async def test_what_is_so_already_makes_no_event(goals: Goals, anna: Caller) -> None:
    """The answer names no event, and the goal's own position."""
    before = await given_objective(goals, anna)
    answer = await goals.execute(anna, GROWTH, change(80), reason="the same")
    assert answer[:5] == ("growth", (), before.position, before.revision, False)


async def test_commands_together_succeed_or_fail_together(goals: Goals, ledger: Ledger, anna: Caller) -> None:
    """One that is refused takes the others with it; else they are next to each other."""
    before = await given_objective(goals, anna)
    with pytest.raises(Refused, match="baseline_equals_target"):
        await goals.execute(anna, GROWTH, RewordObjective(title="Grow more"), change(50), reason="both")
    assert await ledger.head(anna.workspace) == before.position
    answer = await goals.execute(anna, GROWTH, RewordObjective(title="Grow more"), change(95), reason="both")
    assert answer.position == before.position + 2
    assert len(answer.event_ids) == 2


async def test_a_closed_cycle_refuses_changes(goals: Goals, anna: Caller) -> None:
    """Facts of other aggregates are looked up."""
    await given_objective(goals, anna)
    await goals.execute(anna, CYCLE, CloseCycle(), reason="enough")
    with pytest.raises(Refused, match="cycle_closed"):
        await goals.execute(anna, GROWTH, change(90), reason="too late")


async def test_supported_goals_must_exist(goals: Goals, anna: Caller) -> None:
    """Objectives and key results may be supported, but only those that are there."""
    await given_objective(goals, anna)
    draft = DraftObjective(title="Sell", cycle="2026", supports=("growth", "acv"))
    await goals.execute(anna, Aggregate("objective", "sell"), draft)
    with pytest.raises(Refused, match="supports_unknown"):
        await goals.execute(
            anna,
            Aggregate("objective", "other"),
            draft.model_copy(update={"supports": ("growth", "nothing")}),
        )


async def test_a_key_result_id_is_taken_once_in_a_workspace(goals: Goals, anna: Caller) -> None:
    """Also when it belongs to another objective."""
    await given_objective(goals, anna)
    other = Aggregate("objective", "other")
    await goals.execute(anna, other, DraftObjective(title="Other", cycle="2026"))
    measure = Measure(kind="at_least", target=Decimal(1), unit="x")
    with pytest.raises(Refused, match="key_result_exists"):
        await goals.execute(anna, other, AddKeyResult(key_result="acv", title="ACV", measure=measure))
    assert await goals.objective_of(anna.workspace, "acv") == "growth"
    assert await goals.objective_of(anna.workspace, "nothing") is None


async def test_the_tree_of_units_stays_a_tree(goals: Goals, anna: Caller) -> None:
    """What lies below a unit, at any depth, is looked up when it moves or ends."""
    for id_, parent in (("company", None), ("sales", "company"), ("key-accounts", "sales")):
        await goals.execute(
            anna, Aggregate("org_unit", id_), CreateOrgUnit(name_ko=id_, level="team", parent=parent)
        )
    with pytest.raises(Refused, match="org_unit_below_itself"):
        await goals.execute(anna, Aggregate("org_unit", "company"), MoveOrgUnit(parent="key-accounts"))
    with pytest.raises(Refused, match="org_unit_has_units"):
        await goals.execute(anna, Aggregate("org_unit", "sales"), ArchiveOrgUnit())
    await goals.execute(anna, Aggregate("org_unit", "key-accounts"), ArchiveOrgUnit())
    await goals.execute(anna, Aggregate("org_unit", "sales"), ArchiveOrgUnit())


async def test_an_unknown_goal_is_refused(goals: Goals, anna: Caller) -> None:
    """A change needs something to change."""
    with pytest.raises(Refused, match="objective_unknown"):
        await goals.execute(anna, GROWTH, change(90))


async def test_an_unknown_workspace_is_told(goals: Goals) -> None:
    """There is no ledger to write to."""
    stranger = Caller("nowhere", "person:anna", "editor", None, "t1", None)
    with pytest.raises(WorkspaceUnknown):
        await goals.execute(stranger, GROWTH, change(90))


async def test_a_message_that_is_no_event_is_stepped_over(goals: Goals, ledger: Ledger, anna: Caller) -> None:
    """Rubbish put on the ledger by hand neither stops a goal nor defeats the guard."""
    await given_objective(goals, anna)
    await ledger.client.request(f"ledger.{anna.workspace}.objective.growth", b"rubbish", timeout=2)
    answer = await goals.execute(anna, GROWTH, change(90), reason="more")
    assert answer.position == await ledger.head(anna.workspace)


class TestIdempotency:
    """The same key twice: one change, one answer."""

    async def test_a_retry_gets_the_first_answer(self, goals: Goals, ledger: Ledger, anna: Caller) -> None:
        """Also after others went on, and with the revision of the first try."""
        before = await given_objective(goals, anna)
        asked: dict[str, Any] = {
            "reason": "more",
            "key": "k",
            "body_hash": "h",
            "if_match": revision_of(before),
        }
        first = await goals.execute(anna, GROWTH, change(90), **asked)
        await goals.execute(anna, GROWTH, DropObjective(), reason="no")
        head = await ledger.head(anna.workspace)
        again = await goals.execute(anna, GROWTH, change(90), **asked)
        assert again == first._replace(replayed=True)
        assert await ledger.head(anna.workspace) == head

    async def test_a_retry_of_several_commands_names_all_events(self, goals: Goals, anna: Caller) -> None:
        """Their number is on the ledger with the first one."""
        await given_objective(goals, anna)
        commands = (RewordObjective(title="Grow more"), change(95))
        first = await goals.execute(anna, GROWTH, *commands, reason="both", key="k", body_hash="h")
        again = await goals.execute(anna, GROWTH, *commands, reason="both", key="k", body_hash="h")
        assert again == first._replace(replayed=True)

    async def test_a_retry_of_a_creation_makes_the_same_thing(self, goals: Goals, anna: Caller) -> None:
        """It is no `exists already`."""
        await given_objective(goals, anna)
        aggregate = Aggregate("objective", "sell")
        draft = DraftObjective(title="Sell", cycle="2026")
        first = await goals.execute(anna, aggregate, draft, key="k", body_hash="h")
        assert await goals.execute(anna, aggregate, draft, key="k", body_hash="h") == first._replace(
            replayed=True
        )

    async def test_another_body_is_refused(self, goals: Goals, anna: Caller) -> None:
        """A key stands for one request."""
        await given_objective(goals, anna)
        await goals.execute(anna, GROWTH, change(90), reason="more", key="k", body_hash="h")
        with pytest.raises(KeyReused):
            await goals.execute(anna, GROWTH, change(70), reason="less", key="k", body_hash="other")

    async def test_the_same_key_on_another_goal_is_refused(self, goals: Goals, anna: Caller) -> None:
        """The ids of its events are on the ledger already."""
        await given_objective(goals, anna)
        await goals.execute(anna, GROWTH, change(90), reason="more", key="k", body_hash="h")
        with pytest.raises(KeyReused):
            await goals.execute(
                anna,
                Aggregate("objective", "sell"),
                DraftObjective(title="Sell", cycle="2026"),
                key="k",
                body_hash="other",
            )

    async def test_a_key_is_its_actors_own(self, goals: Goals, anna: Caller, boris: Caller) -> None:
        """Two people may use the same one."""
        await given_objective(goals, anna)
        first = await goals.execute(anna, GROWTH, change(90), reason="more", key="k", body_hash="h")
        second = await goals.execute(boris, GROWTH, change(70), reason="less", key="k", body_hash="h")
        assert (first.replayed, second.replayed) == (False, False)

    async def test_in_flight_is_told(self, goals: Goals, anna: Caller) -> None:
        """The second of two at once in one process is asked to come again."""
        await given_objective(goals, anna)

        async def ask() -> Answer:
            return await goals.execute(anna, GROWTH, change(90), reason="more", key="k", body_hash="h")

        results = await asyncio.gather(ask(), ask(), return_exceptions=True)
        assert sum(isinstance(result, Answer) for result in results) == 1
        assert sum(isinstance(result, KeyInFlight) for result in results) == 1

    async def test_two_processes_racing_make_one_change(
        self, goals: Goals, other_goals: Goals, ledger: Ledger, anna: Caller
    ) -> None:
        """Both get the same answer; exactly one of them made it."""
        await given_objective(goals, anna)
        for n in range(10):
            head = await ledger.head(anna.workspace)
            answers = await asyncio.gather(
                *(
                    process.execute(anna, GROWTH, change(90 + n), reason="more", key=f"k{n}", body_hash="h")
                    for process in (goals, other_goals)
                )
            )
            assert answers[0]._replace(replayed=False) == answers[1]._replace(replayed=False)
            assert sorted(answer.replayed for answer in answers) == [False, True]
            assert await ledger.head(anna.workspace) == head + 1

    async def test_racing_changes_are_all_made_one_after_the_other(
        self, goals: Goals, other_goals: Goals, ledger: Ledger, anna: Caller
    ) -> None:
        """Without If-Match nobody is told to read again: each is decided on what the one before left."""
        await given_objective(goals, anna)
        changes = [
            process.execute(anna, GROWTH, change(90 + n), reason="more")
            for n, process in enumerate((goals, other_goals) * 2)
        ]
        await asyncio.gather(*changes)
        targets = [
            event.event.data
            for event in await ledger.load(anna.workspace, GROWTH)
            if isinstance(event.event.data, TargetChanged)
        ]
        assert [later.old for later in targets[1:]] == [earlier.new for earlier in targets[:-1]]
        assert len(targets) == 4


async def test_commands_on_different_aggregates_share_a_batch(
    goals: Goals, ledger: Ledger, anna: Caller
) -> None:
    """Twenty persons at once: each has its answer; a refused one leaves the others alone."""
    workspace = anna.workspace
    made = await asyncio.gather(
        *(goals.execute(anna, Aggregate("feed", f"f{n}"), RegisterFeed(name=f"Feed {n}")) for n in range(20)),
        goals.execute(anna, Aggregate("feed", "f-gone"), ChangeFeed(zone="Asia/Seoul")),
        return_exceptions=True,
    )
    assert isinstance(made[-1], Refused)
    batches = 0
    positions = set()
    async for stored in ledger.read(workspace, 0, subject=f"ledger.{workspace}.feed.>"):
        batches += sum(message.batch_end for message in stored)
        positions |= {(message.subject.rpartition(".")[2], message.position) for message in stored}
    answers = [answer for answer in made if isinstance(answer, Answer)]
    assert {(answer.id, answer.position) for answer in answers} == positions
    assert len(answers) == 20
    assert batches < 10


@pytest.mark.parametrize("keyed", [True, False])
@pytest.mark.parametrize("days", [2, 400])
@pytest.mark.parametrize(
    "command",
    [CheckIn(key_result="acv", confidence=6), RewordObjective(title="Grow more")],
    ids=lambda command: type(command).__name__,
)
async def test_a_clock_ahead_of_the_ledgers_stores_no_day_to_come(
    goals: Goals, ledger: Ledger, anna: Caller, command: Command, days: int, *, keyed: bool
) -> None:
    """Whatever the command: what is written has a business day that has begun by the clock of NATS."""
    before = await given_objective(goals, anna)
    ahead = Goals(ledger, goals._views, goals._keys, lambda: datetime.now(UTC) + timedelta(days=days))
    with pytest.raises(ClockAhead):
        await ahead.execute(anna, GROWTH, command, reason="x", key="k" if keyed else None, body_hash="b")
    assert await ledger.head(anna.workspace) == before.position, "nothing is stored"
    # Once the clock is right, the same request is carried out.
    again = await goals.execute(anna, GROWTH, command, reason="x", key="k" if keyed else None, body_hash="b")
    assert again.position == before.position + 1
    assert not again.replayed


async def test_a_clock_behind_the_ledgers_writes_the_day_before(
    goals: Goals, ledger: Ledger, anna: Caller
) -> None:
    """A day that is over has begun: only days to come are refused."""
    before = await given_objective(goals, anna)
    behind = Goals(ledger, goals._views, goals._keys, lambda: datetime.now(UTC) - timedelta(days=2))
    answer = await behind.execute(anna, GROWTH, CheckIn(key_result="acv", value=Decimal(60)))
    assert answer.position == before.position + 1
