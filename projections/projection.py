"""The contract of a projection group: declared in one place, folded in memory, written in bulk.

A *group* is a set of views that need each other's rows and therefore share one checkpoint. Its `Fold` is
the memory of one worker for one workspace. The worker (`services/projector`) drives it like this, for every
gap-free run of events after the checkpoint::

    await fold.load(store, events)      # read from the group's own tables what these events need
    fold.apply(event)                   # one by one; raises before it changes anything, or not at all
    writes = fold.drain()               # the rows that follow
    BEGIN; move the checkpoint; writes; COMMIT

A fold has no clock, no random numbers and no look-ups outside its own tables, so the tables after positions
1…n are the same however the events were batched and wherever the worker was stopped. When a commit fails the
worker throws the fold away and starts with a fresh one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Index, MetaData, Select, Table
from sqlalchemy.dialects.postgresql import Insert
from sqlalchemy.ext.asyncio import AsyncConnection

from events.envelope import RecordedEvent

LATE = "late"
"""Key in `Index.info`: a rebuild makes this index after loading (or when a fold first needs it)."""


@dataclass(slots=True)
class Copy:
    """Rows to append to a table with COPY; each row has a value for every column, in the table's order."""

    table: Table
    rows: list[tuple[Any, ...]]


@dataclass(slots=True)
class Upsert:
    """One statement for many rows: `arrays` holds one list per bind parameter, all of one length."""

    statement: Insert
    arrays: dict[str, list[Any]]


Write = Copy | Upsert


@dataclass(slots=True)
class Store:
    """The group's tables as the fold may read them.

    `connection` has the group's schema translated; `need_late_indexes` makes the late indexes of a build that
    is still loading, so that a look-up does not scan.
    """

    connection: AsyncConnection
    need_late_indexes: Callable[[], Awaitable[None]]
    loading: bool = False
    """The late indexes are not there yet."""


class Fold(ABC):
    """The memory of one worker for one workspace and group."""

    @abstractmethod
    async def load(self, store: Store, events: Sequence[RecordedEvent]) -> None:
        """Read what `events` need from the group's tables into memory."""

    @abstractmethod
    def apply(self, recorded: RecordedEvent) -> None:
        """Fold one event. An exception means the event is poison; nothing may have changed then."""

    @abstractmethod
    def drain(self) -> list[Write]:
        """Hand over the rows that follow from the events applied since the last call."""


@dataclass(frozen=True, slots=True)
class Group:
    """A projection group: its name (also the schema token of its tables), version, fold and tables.

    Raise `version` when the tables or the meaning of a row change: workers then build the new version beside
    the live one and switch.
    """

    name: str
    version: int
    new_fold: Callable[[], Fold]
    handles: Mapping[Table, frozenset[str]]
    """The names of the events that may add or change rows of each table."""
    overlooked: Select[Any] | None = None
    """Finds a row if the fold took in twice what counts once. It overlooks that without late indexes.

    Such a build is made once more, with all its indexes from the start.
    """

    @property
    def metadata(self) -> MetaData:
        """All tables of the group."""
        return next(iter(self.handles)).metadata

    def tables_changed_by(self, event: str) -> list[str]:
        """Return the tables whose rows an event of this name may add or change, by name."""
        return sorted(table.name for table, events in self.handles.items() if event in events)

    def late_indexes(self) -> list[Index]:
        """Return the indexes that a rebuild makes after loading."""
        return [
            index
            for table in self.metadata.sorted_tables
            for index in sorted(table.indexes, key=lambda index: str(index.name))
            if index.info.get(LATE)
        ]
