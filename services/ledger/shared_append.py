"""Group commit of small appends: those of one workspace that wait at the same time are one atomic batch.

Each keeps its guards, its positions and its refusal. Two never share a batch when they write one aggregate,
or when one was decided on what the other changes: it would be stored beside what it has not seen.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from services.ledger.append import MAX_ENTRIES, Appended, Entry
from services.ledger.errors import LedgerUnavailable, LedgerUncertain, WorkspaceUnknown
from services.runtime.grouping import Grouping

Append = Callable[[str, Sequence[Entry], Mapping[str, int]], Awaitable[Appended]]

_SMALL = 100
"""Entries up to which an append shares a batch. Larger ones go by themselves and wait for nobody."""
_BYTES = 4 * 1024 * 1024
"""Payload of a shared batch, about."""
_OF_ALL = (LedgerUnavailable, LedgerUncertain, WorkspaceUnknown)
"""Errors that each of a group would meet by itself."""


class Small(NamedTuple):
    """An append that may share a batch."""

    entries: Sequence[Entry]
    expect: Mapping[str, int]
    looked_at: Collection[str]
    """Subjects that it was decided on; one that ends with a dot stands for all that begin so."""


class SharedAppends:
    """Appends to the ledgers of one connection, small ones together."""

    def __init__(self, append: Append) -> None:
        """`append` stores all entries or none, as Ledger.append says."""
        self._append = append
        self._groups: dict[str, Grouping[Small, Appended]] = {}

    async def append(
        self, workspace: str, entries: Sequence[Entry], expect: Mapping[str, int], looked_at: Collection[str]
    ) -> Appended:
        """Store all entries or none, perhaps with others; see Ledger.append."""
        if len(entries) > _SMALL or not expect:
            # (Without a guard it is a message id that tells whether a lost try was stored.)
            return await self._append(workspace, entries, expect)
        groups = self._groups.get(workspace)
        if groups is None:
            groups = self._groups[workspace] = Grouping(
                partial(self._append_group, workspace), open_group, _OF_ALL
            )
        return await groups.submit(Small(entries, expect, looked_at))

    async def close(self) -> None:
        """Stop; nobody may be waiting any longer."""
        for groups in self._groups.values():
            await groups.close()

    async def _append_group(self, workspace: str, group: list[Small]) -> list[Appended]:
        entries = [entry for small in group for entry in small.entries]
        expect = {subject: position for small in group for subject, position in small.expect.items()}
        appended = await self._append(workspace, entries, expect)
        positions: list[Appended] = []
        first = appended.first
        for small in group:
            positions.append(Appended(first, first + len(small.entries) - 1))
            first += len(small.entries)
        return positions


def open_group() -> Callable[[Small], bool]:
    """Take in one append after the other, or tell that it can't share a batch with those before it."""
    written: set[str] = set()
    looked_at: set[str] = set()
    entries = size = 0

    def joins(small: Small) -> bool:
        nonlocal entries, size
        subjects = {entry.subject for entry in small.entries}
        if (
            entries + len(small.entries) > MAX_ENTRIES
            or size > _BYTES
            or not written.isdisjoint(subjects)
            or _any_in(written, small.looked_at)
            or _any_in(subjects, looked_at)
        ):
            return False
        entries += len(small.entries)
        size += sum(len(entry.payload) for entry in small.entries)
        written.update(subjects)
        looked_at.update(small.looked_at)
        return True

    return joins


def _any_in(subjects: Collection[str], looked_at: Collection[str]) -> bool:
    """Return whether one of the subjects was looked at."""
    beginnings = tuple(each for each in looked_at if each.endswith("."))
    return any(subject in looked_at or subject.startswith(beginnings) for subject in subjects)
