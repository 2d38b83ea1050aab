"""Personal text: sealed before it goes on the ledger, opened when the API answers.

Each person has a key of their own, wrapped by the master key and stored in the stream KEYS (one message per
key, `keys.<workspace>.<person>`). Erasing that message makes the person's words unreadable everywhere: on the
ledger, in views and in backups. The wrapped keys are in memory, so texts can be read while NATS is away.
A mark, `keys.<workspace>.forgotten.<person>`, stays of whoever was forgotten: no new key is made for them.
"""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Self
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from events.envelope import Event
from events.errors import BilingualError
from events.people.refusals import forgotten_person
from events.registry import lookup
from events.text import Language, Text
from services.keys.sealing import (
    MasterKey,
    PersonKey,
    Place,
    Sealed,
    UnreadableError,
    seal,
    unseal,
)
from services.ledger import Conflict, Ledger, LedgerUnavailable
from services.ledger.kv_cache import Held, Latest
from services.ledger.streams import KEYS
from services.runtime import clock

log = structlog.get_logger(__name__)

ERASED = Text("[삭제됨]", "[erased]")
"""In place of a text whose key was destroyed."""
UNREADABLE = Text("[읽을 수 없음]", "[unreadable]")
"""In place of a text that was changed or moved."""
UNAVAILABLE = Text("[지금 읽을 수 없음]", "[not readable now]")
"""In place of a text whose key can't be looked up while NATS is away."""


_MARK = b"forgotten"
"""What is stored in place of a key that is never to be made again."""


class MasterKeyDiffersError(BilingualError):
    """Stored keys were wrapped by another master key than the one that is configured."""


class _KeyRecord(BaseModel):
    """What is stored of a person's key."""

    model_config = ConfigDict(frozen=True)

    id: str
    """8 bytes as hex."""
    master: str
    """Fingerprint of the master key that wraps it."""
    wrapped: str
    created_at: datetime


class Keys:
    """The keys of all people. Sealing the first text of a person needs NATS; opening works from memory."""

    def __init__(self, ledger: Ledger, master: MasterKey) -> None:
        self._master = master
        self._latest = Latest(ledger.client, stream=KEYS, prefix="keys", changed=self._changed)
        self._unwrapped: dict[str, tuple[int, PersonKey]] = {}
        self._gone: set[tuple[str, str, bytes]] = set()

    @classmethod
    async def start(cls, ledger: Ledger, master_key: bytes) -> Self:
        """Load all wrapped keys, then follow every change.

        Raises MasterKeyDiffersError, LedgerUnavailable.
        """
        keys = cls(ledger, MasterKey(master_key))
        await keys._latest.start()
        try:
            keys._check_master()
        except MasterKeyDiffersError:
            await keys.close()
            raise
        return keys

    async def close(self) -> None:
        """Stop following."""
        await self._latest.close()

    async def seal_event(self, event: Event) -> Event:
        """Return the event with its reason and its personal fields sealed by the key of its actor, or of
        the person
        it is about, as its type says.

        The first text of a person makes their key. Raises LedgerUnavailable, and Refused for a text of
        somebody who was forgotten.
        """
        entry = lookup(event.type)
        texts = {field: getattr(event.data, field) for field in (entry.personal if entry else ())}
        texts = {field: text for field, text in texts.items() if text is not None}
        if not texts and event.reason is None:
            return event
        owner = owner_of(event.actor)
        if entry is not None and entry.sealed_for == "subject":
            owner = owner_of(f"{event.aggregate.kind}:{event.aggregate.id}")
        key = await self._key(event.workspace, owner)

        def sealed(field: str, text: str) -> str:
            return seal(key, Place(event.workspace, owner, event.id, field), text)

        if texts:
            update = {field: sealed(field, text) for field, text in texts.items()}
            event = event._replace(data=event.data.model_copy(update=update))
        if event.reason is not None:
            event = event._replace(reason=sealed("reason", event.reason))
        return event

    async def open_event(self, event: Event, language: Language = "en") -> Event:
        """Return the event as it was before it was sealed.

        A text that belongs to another event stays shut.
        """
        entry = lookup(event.type)
        update: dict[str, str] = {}
        for field in entry.personal if entry else ():
            text = getattr(event.data, field)
            if text is not None:
                update[field] = await self._open_at(event.workspace, text, language, event.id, field)
        if update:
            event = event._replace(data=event.data.model_copy(update=update))
        if event.reason is not None:
            reason = await self._open_at(event.workspace, event.reason, language, event.id, "reason")
            event = event._replace(reason=reason)
        return event

    async def open_text(self, workspace: str, text: str, language: Language = "en") -> str:
        """Return the text in clear; ordinary text comes back as it is.

        Only for what stands where the event put it: a reason as a reason, a note as a note."""
        sealed = Sealed.parse(text)
        if sealed is None:
            return text
        await self._look_for(workspace, sealed)
        return self._open(workspace, sealed, language)

    def forgotten(self, workspace: str, actor: str) -> bool:
        """Return whether `person:anna` was forgotten, as far as this process knows by now."""
        return _mark(workspace, owner_of(actor)) in self._latest.messages

    def forgotten_people(self, workspace: str) -> set[str]:
        """Return the ids of the people who were forgotten, as far as this process knows by now."""
        marks = _mark(workspace, "person.")
        return {name.removeprefix(marks) for name in self._latest.messages if name.startswith(marks)}

    async def has_key(self, workspace: str, actor: str) -> bool:
        """Return whether there is a key of `person:anna`, of any process. Raises LedgerUnavailable."""
        await self._latest.refresh()
        return f"{workspace}.{owner_of(actor)}" in self._latest.messages

    async def forget(self, workspace: str, actor: str) -> bool:
        """Erase the key of `person:anna`, and let nobody make a new one. Again is no error.

        False if there was no key. Raises LedgerUnavailable.
        """
        mark = _mark(workspace, owner_of(actor))
        if mark not in self._latest.messages:
            # First the mark: whoever sees that the key is gone has seen the mark before.
            with contextlib.suppress(Conflict):  # another process was faster
                await self._latest.put(mark, _MARK, expected=0)
        return await self.destroy(workspace, actor)

    async def destroy(self, workspace: str, actor: str) -> bool:
        """Erase the key of `person:anna`, from the disk too; all their texts become unreadable for ever.

        False if there is no key. Raises LedgerUnavailable.
        """
        key = f"{workspace}.{owner_of(actor)}"
        erased = await self._latest.erase(key)
        self._unwrapped.pop(key, None)
        return erased

    async def _open_at(self, workspace: str, text: str, language: Language, event: UUID, field: str) -> str:
        sealed = Sealed.parse(text)
        if sealed is not None and (sealed.event, sealed.field) != (event, field):
            log.error("sealed_text_moved", event_id=str(event), field=field, belongs_to=str(sealed.event))
            return UNREADABLE.told(language)
        return await self.open_text(workspace, text, language)

    def _open(self, workspace: str, sealed: Sealed, language: Language) -> str:
        try:
            key = self._find(workspace, sealed)
            if key is not None:
                return unseal(key, workspace, sealed)
        except UnreadableError as error:
            log.error("sealed_text_unreadable", error=str(error), event_id=str(sealed.event))
            return UNREADABLE.told(language)
        return (ERASED if (workspace, sealed.owner, sealed.key_id) in self._gone else UNAVAILABLE).told(
            language
        )

    async def _look_for(self, workspace: str, sealed: Sealed) -> None:
        """Learn whether a key that is not known is really gone: another process may have made it just now."""
        name = (workspace, sealed.owner, sealed.key_id)
        # A reader need not wait for NATS to come back.
        if self._has(workspace, sealed) or name in self._gone or not self._latest.connected:
            return
        with contextlib.suppress(LedgerUnavailable):
            await self._latest.refresh()
            if not self._has(workspace, sealed):
                self._gone.add(name)

    def _has(self, workspace: str, sealed: Sealed) -> bool:
        try:
            return self._find(workspace, sealed) is not None
        except UnreadableError:
            return True  # it is there, if not as it should be

    def _find(self, workspace: str, sealed: Sealed) -> PersonKey | None:
        """Return the key that sealed a text; None if it is not there. Raises UnreadableError."""
        key = self._known(workspace, sealed.owner)
        return key if key is not None and key.id == sealed.key_id else None

    async def _key(self, workspace: str, owner: str) -> PersonKey:
        """Return the key of a person, made if there is none. Of two processes that make it, one wins."""
        if _mark(workspace, owner) in self._latest.messages:
            raise forgotten_person(owner.partition(".")[2])
        key = self._known(workspace, owner)
        if key is not None:
            return key
        made = PersonKey.generate()
        record = _KeyRecord(
            id=made.id.hex(),
            master=self._master.fingerprint,
            wrapped=self._master.wrap(workspace, owner, made),
            created_at=clock.now(),
        )
        try:
            position = await self._latest.put(
                f"{workspace}.{owner}", record.model_dump_json().encode(), expected=0
            )
        except Conflict:
            key = self._known(workspace, owner)
            if key is None:  # made by another process and destroyed again meanwhile
                raise LedgerUnavailable(f"the key of {owner} is changing", 1.0) from None
            return key
        if _mark(workspace, owner) in self._latest.messages:  # forgotten by another process meanwhile
            await self._latest.erase(f"{workspace}.{owner}")
            raise forgotten_person(owner.partition(".")[2])
        self._unwrapped[f"{workspace}.{owner}"] = (position, made)
        return made

    def _known(self, workspace: str, owner: str) -> PersonKey | None:
        """Return the key of a person from memory. Raises UnreadableError."""
        name = f"{workspace}.{owner}"
        found = self._unwrapped.get(name)
        if found is not None:
            return found[1]
        held = self._latest.messages.get(name)
        if held is None:
            return None
        record = _record(name, held)
        key = self._master.unwrap(workspace, owner, bytes.fromhex(record.id), record.wrapped)
        self._unwrapped[name] = (held.position, key)
        return key

    def _changed(self, latest: Latest) -> None:
        """Forget the keys that were destroyed."""
        self._gone.clear()
        self._unwrapped = {
            name: (position, key)
            for name, (position, key) in self._unwrapped.items()
            if (held := latest.messages.get(name)) is not None and held.position == position
        }

    def _check_master(self) -> None:
        for name, held in self._latest.messages.items():
            if held.payload == _MARK:
                continue
            try:
                master = _record(name, held).master
            except UnreadableError as error:  # only this person's texts suffer
                log.error("key_unreadable", error=str(error))
                continue
            if master != self._master.fingerprint:
                raise MasterKeyDiffersError(
                    Text(
                        "구성원의 글을 암호화한 키가 다른 마스터 키로 싸여 있습니다. 맞는 키를 되돌려"
                        " 놓으십시오(GOALTRAIL_MASTER_KEY_FILE)",
                        "the keys of people's texts were wrapped by another master key: "
                        "put the right one back (GOALTRAIL_MASTER_KEY_FILE)",
                    )
                )


def _mark(workspace: str, owner: str) -> str:
    return f"{workspace}.forgotten.{owner}"


def owner_of(actor: str) -> str:
    """Whose key seals the words of an actor: `person:anna` → `person.anna`, one name in subject and text."""
    return actor.replace(":", ".", 1)


def _record(name: str, held: Held) -> _KeyRecord:
    try:
        return _KeyRecord.model_validate_json(held.payload)
    except ValidationError:
        raise UnreadableError(f"the stored key {name} was changed") from None
