"""Damage of views: what is missing of their tables, and which of them can't be read to the end."""

from __future__ import annotations

from sqlalchemy import Text, cast, func, literal_column, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from events.error_text import explained
from projections.control import ActiveVersion
from projections.projection import Group
from services.doctor.finding import Finding
from services.ledger import Ledger, Mark
from services.postgres.damage import damage_of, what_is_missing
from services.postgres.lost_rows import find_lost_rows

CHECK = "views.damaged"
KEEP_COPIES = (
    "stop everything, keep copies of the data of NATS and PostgreSQL, and put back the ledger that these"
    " views were built from: a worker builds them anew from it by itself"
)


async def find_damage(
    connection: AsyncConnection, workspace: str, group: Group, views: ActiveVersion
) -> str | None:
    """Return what of some views is lost or can't be read, in words. Reads every row of them."""
    lacking = (await what_is_missing(connection, {views.schema_name: group})).get(views.schema_name)
    if lacking is not None:
        return lacking
    tables = await connection.execution_options(schema_translate_map={group.name: views.schema_name})
    for table in group.metadata.sorted_tables:
        # The whole row as text, so that values that are stored apart are read as well.
        whole_row = cast(literal_column("t"), Text)
        try:
            await tables.execute(select(func.count(func.length(whole_row))).select_from(table.alias("t")))
        except DBAPIError as error:
            if damage_of(error) is None:
                raise
            await connection.rollback()
            return f"table {table.name} can't be read: {cause_of(error)}"
    if views.differs is not None:
        return views.damaged
    lost = await find_lost_rows(connection, workspace, group, views.build, views.schema_name)
    return lost or views.damaged


async def damaged(
    ledger: Ledger | None, workspace: str, name: str, views: ActiveVersion, why: str
) -> Finding:
    """Return what to do about damaged views: nothing where the ledger is whole, since a worker builds them
    anew.
    """
    told = f"{name}: damaged, reads that meet it answer 503: {why}"
    if ledger is None:
        return Finding.fail(CHECK, told, "start NATS: a worker builds them anew from the ledger by itself")
    mark = Mark(views.position, views.ledger, views.fingerprint)
    if await ledger.compare(workspace, mark) is not None:
        return Finding.fail(CHECK, f"{told}; and the ledger is not the one they were built from", KEEP_COPIES)
    return Finding.fail(
        CHECK,
        told,
        "a worker builds them anew from the ledger by itself: see that one runs, and look for the cause in"
        " the log of PostgreSQL and at its disk",
    )


def control_damaged(error: DBAPIError) -> Finding:
    """Return what to do when the book-keeping of all views can't be read."""
    return Finding.fail(
        "views.control",
        f"the control tables of the views can't be read: {cause_of(error)}",
        "stop the workers, keep a copy of PostgreSQL's data, `DROP SCHEMA control CASCADE`, and start them:"
        " they make it again and build all views anew from the ledgers",
    )


def cause_of(error: DBAPIError) -> str:
    """Return what PostgreSQL said, without the statement."""
    return explained(error.orig or error)
