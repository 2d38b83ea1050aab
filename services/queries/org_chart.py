"""The org chart from the views, for whoever must know who leads whom.

chart = await load_org_chart(then.connection, then.position)
line = chart.line_of(person, day)
"""

from __future__ import annotations

from events.org_units.state import OrgUnit
from events.people.org_chart import OrgChart
from events.people.state import Person
from projections.driver import Connection
from projections.state import queries


async def load_org_chart(connection: Connection, position: int) -> OrgChart:
    """People and units as known at a position; `connection` reads group `state`."""
    people = await queries.latest_of_kind(connection, "person", position)
    units = await queries.latest_of_kind(connection, "org_unit", position)
    return OrgChart(
        [version.state for version in people if isinstance(version.state, Person)],
        [version.state for version in units if isinstance(version.state, OrgUnit)],
    )
