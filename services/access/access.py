"""Bearer tokens: known in memory by every API process, stored as hashes, each step an event on the ledger.

They live in the stream KV_ACCESS (key `<workspace>.<token id>`) and not in a view, so nobody is locked out
while views are rebuilt or PostgreSQL is away. One that no event on the ledger backs opens nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import NamedTuple, Self

import structlog
from pydantic import ValidationError

from events.access.commands import ApproveToken, IssueToken, ReplaceTokenText, RequestToken, RevokeToken
from events.access.decider import decide, evolve
from events.access.events import Role
from events.access.state import Token
from events.context import Context
from events.envelope import Event, encode
from events.errors import Refused
from events.ids import Aggregate, event_id, ledger_subject
from events.registry import EventData, event_type
from services.access.backing import Backing
from services.access.callers import Caller
from services.access.tokens import TokenRecord, digest, generate, new_id
from services.ledger import Conflict, Entry, Ledger, LedgerUnavailable
from services.ledger.kv_cache import Held, Latest
from services.ledger.streams import ACCESS
from services.runtime import clock
from services.runtime.background import Background

log = structlog.get_logger(__name__)

FIRST_CHECK_SECONDS = 2.0
"""How long a process that starts checks the tokens there are before it answers."""
CHECK_AGAIN_SECONDS = 2.0
LASTING = timedelta(days=7)
"""How long somebody whose last token of an administrator ended counts as one."""

_TRIES = 5


class Issued(NamedTuple):
    """A token that was made. `token` is its text, shown this once; None when a retry asks for it again."""

    token: str | None
    record: TokenRecord
    event_id: str
    position: int
    """Of the event on the ledger."""


class Access:
    """Who may call. Reads never leave the process; `issue` and `revoke` need NATS."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._by_hash: dict[str, list[TokenRecord]] = {}
        self._backing = Backing(ledger)
        self._unchecked = asyncio.Event()
        self._checking: Background | None = None
        self._latest = Latest(ledger.client, stream=ACCESS, prefix="$KV.ACCESS", changed=self._changed)

    @classmethod
    async def start(cls, ledger: Ledger) -> Self:
        """Load all tokens, then follow every change. Raises LedgerUnavailable."""
        access = cls(ledger)
        await access._latest.start()
        with suppress(TimeoutError, LedgerUnavailable):  # the rest is checked meanwhile, or when it is used
            async with asyncio.timeout(FIRST_CHECK_SECONDS):
                await access._backing.check_all(access._records())
        access._checking = Background("check tokens", access._check)
        return access

    async def close(self) -> None:
        """Stop following."""
        if self._checking is not None:
            await self._checking.stop()
        await self._latest.close()

    def caller(self, token: str) -> Caller | None:
        """Return who calls with this token; None if it is unknown, revoked, expired or not checked yet.

        It is found by its SHA-256. How long that takes tells nothing: nobody can choose a token by the
        beginning of its hash.
        """
        return next((record.caller for record in self._valid(token) if self._backing.known(record)), None)

    async def identify(self, token: str) -> Caller | None:
        """Return who calls with this token, looking it up on the ledger if nobody has done so yet.

        Raises LedgerUnavailable.
        """
        caller = self.caller(token)
        if caller is None:
            for record in self._valid(token):
                if await self._backing.check(record):
                    return record.caller
        return caller

    def of_earlier_version(self, token: str) -> bool:
        """Return whether a token opens nothing because it was issued before its text's hash was recorded."""
        return any(self._backing.of_earlier_version(record) for record in self._valid(token))

    async def backed(self, record: TokenRecord) -> bool:
        """Return whether an event on the ledger stands behind a stored token. Raises LedgerUnavailable."""
        return await self._backing.check(record)

    def list(self, workspace: str) -> list[TokenRecord]:
        """Return every token of a workspace, oldest first, revoked and expired ones too."""
        records = [
            record
            for record in self._records()
            if record.workspace == workspace and self._backing.known(record) is not False
        ]
        return sorted(records, key=lambda record: (record.created_at, record.id))

    def find(self, workspace: str, token_id: str) -> TokenRecord | None:
        """Return a token by its id."""
        held = self._latest.messages.get(f"{workspace}.{token_id}")
        return None if held is None else _record(f"{workspace}.{token_id}", held)

    async def issue(
        self,
        workspace: str,
        actor: str,
        role: Role,
        label: str = "",
        expires_at: datetime | None = None,
        *,
        by: str = "system:access",
        token_id: str | None = None,
        text: str | None = None,
        pending: bool = False,
    ) -> Issued:
        """Make a token for `actor` (UTC `expires_at`), in the name of `by`.

        Asked again with the same `token_id`, it completes what a first try left undone, or tells without the
        text what is there. `text` is for a token that an operator chose; one that is `pending` opens nothing
        until it is approved. Raises Refused, WorkspaceUnknown,
        LedgerUnavailable, LedgerUncertain.
        """
        await self._ledger.require_same(workspace)
        token_id = token_id or new_id()
        now = clock.now()
        text = text or generate(workspace, token_id)
        asked = (RequestToken if pending else IssueToken)(
            holder=actor, role=role, token_sha256=digest(text), expires_at=expires_at
        )
        event, position, recorded = await self._record_issued(workspace, token_id, asked, by, now)
        record = TokenRecord(
            id=token_id,
            workspace=workspace,
            actor=actor,
            role=role,
            label=label,
            hash=digest(text),
            created_at=now,
            created_by=by,
            expires_at=expires_at,
            pending=pending,
        )
        try:
            if recorded == record.hash:
                self._backing.note(record)
            await self._latest.put(f"{workspace}.{token_id}", _stored(record), expected=0)
            made = Issued(text, record, event, position)
        except Conflict:
            known = self.find(workspace, token_id)
            if known is None or known.label != label:
                raise _exists(token_id) from None
            made = Issued(None, known, event, position)
        if recorded != record.hash == made.record.hash:
            # The one who stored it decides what the text is; the one of a first try has reached nobody.
            position = await self._record_on(
                workspace, token_id, ReplaceTokenText(token_sha256=record.hash), by
            )
            self._backing.note(made.record)
            made = made._replace(position=position)
        return made

    async def approve(self, workspace: str, token_id: str, *, by: str) -> int:
        """Let a token that somebody else asked for open what its role allows; again is no error.

        Returns the position of the event. Raises Refused, LedgerUnavailable, LedgerUncertain.
        """
        await self._ledger.require_same(workspace)
        found = self.find(workspace, token_id)
        if found is not None and not await self._backing.check(found):
            decide(
                ApproveToken(), None, _context(by, clock.now())
            )  # raises Refused: nobody asked for this one
        position = await self._record_on(workspace, token_id, ApproveToken(), by)
        for _ in range(_TRIES):
            held = self._latest.messages.get(f"{workspace}.{token_id}")
            record = None if held is None else _record(f"{workspace}.{token_id}", held)
            if held is None or record is None or not record.pending:
                return position
            approved = record.model_copy(update={"pending": False})
            with suppress(Conflict):
                await self._backing.check(approved)
                await self._latest.put(f"{workspace}.{token_id}", _stored(approved), expected=held.position)
                return position
        raise _exists(token_id)

    def administrators(self, workspace: str) -> int:
        """Return how many persons are administrators.

        Whoever ceased to be one counts for some days more: nobody makes a second person superfluous by
        revoking their token.
        """
        since = clock.now() - LASTING
        admins = (one for one in self.list(workspace) if one.role == "admin" and not one.pending)
        return len({one.actor for one in admins if one.ended is None or one.ended > since})

    async def revoke(
        self, workspace: str, token_id: str, *, by: str = "system:access", last_too: bool = False
    ) -> int:
        """End a token at once; again is no error. Returns the position of the event.

        The last valid token of an administrator is not revoked, unless `last_too`: nobody could make another
        one. Raises Refused, LedgerUnavailable, LedgerUncertain.
        """
        await self._ledger.require_same(workspace)
        now = clock.now()
        for _ in range(_TRIES):
            held = self._latest.messages.get(f"{workspace}.{token_id}")
            if held is None:
                decide(RevokeToken(), None, _context(by, now))  # raises Refused: there is no such token
                break
            record = _record(f"{workspace}.{token_id}", held)
            if record is None or record.revoked_at is not None:
                break
            if not last_too:
                self._keep_an_administrator(record, now)
            stored = _stored(record.model_copy(update={"revoked_at": now}))
            try:
                await self._latest.put(f"{workspace}.{token_id}", stored, expected=held.position)
                break
            except Conflict:
                continue
        # Stopping it comes first. If we end before this, the next try to revoke it makes up for the event.
        return await self._record_revoked(workspace, token_id, by, now)

    def keep_an_administrator_without(self, workspace: str, actor: str) -> None:
        """Refuse to end all tokens of a person if no administrator's would be left. Raises Refused."""
        now = clock.now()
        admins = [
            record
            for record in self.list(workspace)
            if record.role == "admin" and record.state(now) == "valid"
        ]
        if admins and all(record.actor == actor for record in admins):
            raise _last_administrator()

    async def revoke_all(self, workspace: str, actor: str, *, by: str) -> int:
        """End all tokens of a person at once, expired ones too. Answers how many. Raises as `revoke`."""
        ended = 0
        for record in self.list(workspace):
            if record.actor == actor and record.revoked_at is None:
                await self.revoke(workspace, record.id, by=by)
                ended += 1
        return ended

    async def revoke_again(
        self, workspace: str, tokens: Collection[str], holders: Collection[str], *, by: str
    ) -> int:
        """Revoke what a ledger, or the store of tokens, that was restored does not know as revoked any more.

        These are some tokens, all of some holders, and all that only one of the two knows as revoked; the
        last administrator's, too: what was revoked opens nothing. Returns how many opened something. Raises
        LedgerUnavailable, LedgerUncertain, WorkspaceUnknown.
        """
        states = await self._backing.states(workspace)
        alive = 0
        for record in self._records():
            if record.workspace != workspace:
                continue
            state = states.get(record.id)
            known = state is not None and state.revoked
            ends = known or record.id in tokens or record.actor in holders or record.revoked_at is not None
            if ends and not (known and record.revoked_at is not None):
                alive += record.revoked_at is None
                await self.revoke(workspace, record.id, by=by, last_too=True)
        return alive

    def has_administrator(self, workspace: str) -> bool:
        """Return whether a valid token of an administrator is left."""
        now = clock.now()
        return any(one.role == "admin" and one.state(now) == "valid" for one in self.list(workspace))

    async def _record_issued(
        self, workspace: str, token_id: str, command: IssueToken, by: str, now: datetime
    ) -> tuple[str, int, str | None]:
        """Append the event, unless it is there already.

        Returns its id, its position, and the SHA-256 of the text that is on record.
        """
        for _ in range(_TRIES):
            known = await self._ledger.load(workspace, Aggregate("access", token_id))
            if known:
                first = known[0]
                state = evolve(None, first.event)
                for recorded in known[1:]:
                    state = evolve(state, recorded.event)
                if (state.holder, state.role, state.expires_at) != (
                    command.holder,
                    command.role,
                    command.expires_at,
                ):
                    raise _exists(token_id)
                return str(first.event.id), first.position, state.token_sha256
            [data] = decide(command, None, _context(by, now))
            event = _event(workspace, token_id, by, now, data)
            try:
                return str(event.id), await self._append(event, 0), command.token_sha256
            except Conflict:
                continue
        raise _exists(token_id)

    async def _record_on(
        self, workspace: str, token_id: str, command: ApproveToken | ReplaceTokenText, by: str
    ) -> int:
        """Append the event of a token, unless it is there already. Returns the position of the last one."""
        now = clock.now()
        for _ in range(_TRIES):
            known = await self._ledger.load(workspace, Aggregate("access", token_id))
            state: Token | None = None
            for recorded in known:
                state = evolve(state, recorded.event)
            made = decide(command, state, _context(by, now))
            if not made:
                return known[-1].position
            try:
                return await self._append(_event(workspace, token_id, by, now, made[0]), known[-1].position)
            except Conflict:
                continue
        raise _exists(token_id)

    async def _record_revoked(self, workspace: str, token_id: str, by: str, now: datetime) -> int:
        """Return the event, unless it is there already.

        Returns its position; 0 for a token never on record.
        """
        for _ in range(_TRIES):
            known = await self._ledger.load(workspace, Aggregate("access", token_id))
            state: Token | None = None
            for recorded in known:
                state = evolve(state, recorded.event)
            if state is None or state.revoked:
                return known[-1].position if known else 0
            [data] = decide(RevokeToken(), state, _context(by, now))
            try:
                return await self._append(_event(workspace, token_id, by, now, data), known[-1].position)
            except Conflict:
                continue
        raise _exists(token_id)

    async def _append(self, event: Event, last: int) -> int:
        subject = ledger_subject(event.workspace, event.aggregate)
        appended = await self._ledger.append(
            event.workspace, [Entry(subject, encode(event))], {subject: last}
        )
        return appended.last

    def _keep_an_administrator(self, record: TokenRecord, now: datetime) -> None:
        if record.role != "admin" or record.state(now) != "valid":
            return
        others = (other for other in self.list(record.workspace) if other.id != record.id)
        if not any(other.role == "admin" and other.state(now) == "valid" for other in others):
            raise _last_administrator()

    def _changed(self, latest: Latest) -> None:
        by_hash: dict[str, list[TokenRecord]] = {}
        for key, held in latest.messages.items():
            if (record := _record(key, held)) is not None:
                # Of several with one text, which only an operator can choose, the last one counts.
                by_hash.setdefault(record.hash, []).insert(0, record)
        self._by_hash = by_hash
        self._backing.forget_others(self._records())
        self._unchecked.set()

    def _records(self) -> Sequence[TokenRecord]:
        return [record for records in self._by_hash.values() for record in records]

    def _valid(self, token: str) -> Iterator[TokenRecord]:
        now = clock.now()
        return (record for record in self._by_hash.get(digest(token), ()) if record.state(now) == "valid")

    async def _check(self) -> None:
        """Check what is new before anybody uses it."""
        while True:
            await self._unchecked.wait()
            self._unchecked.clear()
            try:
                await self._backing.check_all(self._records())
            except LedgerUnavailable:
                self._unchecked.set()
                await asyncio.sleep(CHECK_AGAIN_SECONDS)


def _record(key: str, held: Held) -> TokenRecord | None:
    """Return what is stored of a token; None for what is no such record (put there by hand)."""
    try:
        record = TokenRecord.model_validate_json(held.payload)
    except ValidationError:
        record = None
    if record is None or key != f"{record.workspace}.{record.id}":
        log.warning("token_record_unreadable", position=held.position)
        return None
    return record


def _stored(record: TokenRecord) -> bytes:
    return record.model_dump_json().encode()


def _event(workspace: str, token_id: str, by: str, now: datetime, data: EventData) -> Event:
    type_ = event_type(data)
    return Event(
        id=event_id(workspace, by, f"{type_} {token_id}", 0),
        type=type_,
        workspace=workspace,
        aggregate=Aggregate("access", token_id),
        time=now,
        actor=by,
        data=data,
    )


def _context(by: str, now: datetime) -> Context:
    return Context(actor=by, role="admin", today=now.date(), now=now, new_id=new_id)


def _last_administrator() -> Refused:
    return Refused(
        "last_admin_token",
        "this is the last valid token of an administrator: make another one first",
        "마지막으로 남은 유효한 관리자 토큰입니다. 먼저 다른 관리자 토큰을 발급하십시오",
    )


def _exists(token_id: str) -> Refused:
    return Refused(
        "token_exists",
        f"there is another token {token_id} already",
        f"토큰 {token_id} 아이디가 이미 있습니다",
    )
