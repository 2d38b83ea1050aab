"""Tables of group `audit`: `trail` only grows, `recording` sums up within the recorded day that goes on."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, DateTime, Index, Integer, MetaData, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from projections.projection import LATE

metadata = MetaData(schema="audit")

trail = Table(
    "trail",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at", DateTime(timezone=True), nullable=False, comment="by the server's clock"),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("type", Text, nullable=False, comment="goaltrail.<name>.v<version>"),
    Column("kind", Text, nullable=False, comment="of the aggregate"),
    Column("id", Text, nullable=False, comment="of the aggregate"),
    Column("about", ARRAY(Text), nullable=False, comment="<kind>/<id> of everything the event concerns"),
    Column(
        "time", DateTime(timezone=True), nullable=False, comment="when the command was handled; informative"
    ),
    Column("business_day", Date, comment="of `time` in the workspace's zone"),
    Column("actor", Text, nullable=False, comment="person:<id>, feed:<id> or system:<what>"),
    Column("reason", Text),
    Column("correlation_id", Text),
    Column("data", JSONB, nullable=False, comment="what the event says, as on the ledger"),
    comment="Every event but ordinary readings: goals, corrections, tokens, and events nobody knows yet.",
)
Index("trail_about", trail.c.about, postgresql_using="gin", info={LATE: True})

recording = Table(
    "recording",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("feed", Text, primary_key=True),
    Column("recorded_day", Date, primary_key=True, comment="UTC day of recorded_at"),
    Column("n", Integer, nullable=False),
    Column("first_position", BigInteger, nullable=False),
    Column("last_position", BigInteger, nullable=False),
    comment="Ordinary readings, summed up by KPI, feed and the day they were recorded.",
)
