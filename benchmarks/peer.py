"""The peer: `eventsourcing` on the same PostgreSQL server, with the same readings and the same views.

It is given what its documentation offers and more: the compiled driver, a log per KPI that need not be folded
to append to it, batches of 1000 in one transaction, and views that commit without waiting for the disk, as
ours do. Its projection takes one event at a time; rows and position are committed together.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, UUID, uuid5

import psycopg
from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier, Literal

from benchmarks import company
from benchmarks.measuring import Figure, Watch, milliseconds, rate
from benchmarks.site import Site
from services.up.nats_server import new_password

BATCH = 1000
WRITTEN = 100_000
PROJECTED = 20_000
PATIENCE = 600.0
"""Seconds until we give up on its projection."""

WRITER, VIEWER = "peer_writer", "peer_viewer"
"""Users of its own database: the one of the views does not wait for the disk when it commits."""


@dataclass(frozen=True)
class Recorded(DomainEvent):
    """A reading was recorded."""

    kpi: str
    source_id: str
    actor: str
    observed_at: datetime
    business_day: str
    value: Decimal
    denominator: Decimal | None


class Readings(Application[UUID]):
    """A log of readings per KPI."""

    def record(self, events: Sequence[Recorded]) -> None:
        """Store them in one transaction."""
        self.save(*events)


class Views(PostgresTrackingRecorder):
    """Readings, sums per KPI and day, and what was recorded per KPI and day."""

    def __init__(self, datastore: PostgresDatastore, **options: Any) -> None:
        super().__init__(datastore, **options)
        self.sql_create_statements += [SQL(statement).format() for statement in _TABLES]

    def add(self, event: Recorded, tracking: Tracking) -> None:
        """Rows and position in one transaction."""
        values = {
            "position": tracking.notification_id,
            "kpi": event.kpi,
            "source_id": event.source_id,
            "actor": event.actor,
            "observed_at": event.observed_at,
            "day": event.business_day,
            "recorded_at": event.timestamp,
            "value": event.value,
            "denominator": event.denominator,
        }
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            for statement in _WRITES:
                cursor.execute(statement, values, prepare=True)


class Rows(Projection[Views]):
    """Turns readings into rows."""

    name = "rows"

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        """One event."""
        assert isinstance(domain_event, Recorded)
        self.view.add(domain_event, tracking)


_TABLES = [
    (
        "CREATE TABLE IF NOT EXISTS reading (position bigint PRIMARY KEY, kpi text NOT NULL,"
        " source_id text NOT NULL, actor text NOT NULL, observed_at timestamptz NOT NULL,"
        " business_day date NOT NULL, recorded_at timestamptz NOT NULL, value numeric NOT NULL,"
        " denominator numeric)"
    ),
    "CREATE UNIQUE INDEX IF NOT EXISTS reading_identity ON reading (kpi, source_id)",
    "CREATE INDEX IF NOT EXISTS reading_kpi_day ON reading (kpi, business_day)",
    (
        "CREATE TABLE IF NOT EXISTS kpi_day (kpi text, business_day date, n integer NOT NULL,"
        " total numeric NOT NULL, denominator numeric NOT NULL, PRIMARY KEY (kpi, business_day))"
    ),
    (
        "CREATE TABLE IF NOT EXISTS recording (kpi text, recorded_day date, n integer NOT NULL,"
        " first_position bigint NOT NULL, last_position bigint NOT NULL, PRIMARY KEY (kpi, recorded_day))"
    ),
]
_WRITES = [
    (
        "INSERT INTO reading VALUES (%(position)s, %(kpi)s, %(source_id)s, %(actor)s, %(observed_at)s,"
        " %(day)s, %(recorded_at)s, %(value)s, %(denominator)s)"
    ),
    (
        "INSERT INTO kpi_day AS old VALUES (%(kpi)s, %(day)s, 1, %(value)s, coalesce(%(denominator)s, 0))"
        " ON CONFLICT (kpi, business_day) DO UPDATE SET n = old.n + 1, total = old.total + excluded.total,"
        " denominator = old.denominator + excluded.denominator"
    ),
    (
        "INSERT INTO recording AS old VALUES"
        " (%(kpi)s, (%(recorded_at)s AT TIME ZONE 'UTC')::date, 1, %(position)s, %(position)s)"
        " ON CONFLICT (kpi, recorded_day) DO UPDATE SET n = old.n + 1, last_position = excluded.last_position"
    ),
]


def measure(site: Site, scale: float) -> list[Figure]:
    """Write in batches; then project what was written, from a standing start."""
    written, projected = _whole_batches(WRITTEN * scale), _whole_batches(PROJECTED * scale)
    environment = _make_database(site)
    groups = {name: pid for name, pid in site.groups().items() if name == "postgres"}
    writing, projecting = Watch(groups), Watch(groups)
    readings = Readings(environment)
    times = []
    for count, batch in enumerate(_batches(written), 1):
        with writing:
            before = writing.seconds
            readings.record(batch)
        times.append(writing.seconds - before)
        if count * BATCH == projected:
            with (
                projecting,
                ProjectionRunner(
                    application_class=Readings, projection_class=Rows, view_class=Views, env=environment
                ) as runner,
            ):
                runner.wait(projected, PATIENCE)
    readings.close()
    return [
        rate(
            "peer_write",
            "peer: eventsourcing writes batches of 1000",
            written,
            writing,
            p50=milliseconds(times, 50),
            p99=milliseconds(times, 99),
            note="times of a batch",
        ),
        rate("peer_projection", "peer: its projection alone", projected, projecting),
        _copy(site, written, Watch(groups)),
    ]


def _row(event: Recorded) -> tuple[Any, ...]:
    where = (event.kpi, event.source_id, event.actor, event.observed_at, event.business_day)
    return (*where, event.timestamp, event.value, event.denominator)


def _copy(site: Site, count: int, watch: Watch) -> Figure:
    """COPY the same readings into the same table with its indexes: what PostgreSQL itself can do."""
    rows = [
        (position, *_row(event))
        for position, event in enumerate((event for batch in _batches(count) for event in batch), 1)
    ]
    with psycopg.connect(site.settings.database_dsn, dbname="peer") as connection:
        connection.execute("CREATE TABLE copied (LIKE reading INCLUDING INDEXES)")
        connection.commit()
        with watch:
            for start in range(0, count, BATCH):
                with connection.cursor() as cursor, cursor.copy("COPY copied FROM STDIN") as copy:
                    for row in rows[start : start + BATCH]:
                        copy.write_row(row)
                connection.commit()
    return rate("copy_rows", "COPY of the same readings, batches of 1000", count, watch)


def _whole_batches(readings: float) -> int:
    return max(1, round(readings / BATCH)) * BATCH


def _batches(readings: int) -> Iterator[list[Recorded]]:
    versions: dict[int, int] = {}
    for start in range(0, readings, BATCH):
        batch = []
        for reading in company.readings(start, BATCH):
            version = versions[reading.kpi] = versions.get(reading.kpi, 0) + 1
            batch.append(_recorded(reading, version))
        yield batch


def _recorded(reading: company.Reading, version: int) -> Recorded:
    kpi = company.kpi_id(reading.kpi)
    return Recorded(
        originator_id=uuid5(NAMESPACE_URL, kpi),
        originator_version=version,
        timestamp=datetime.now(UTC),
        kpi=kpi,
        source_id=reading.source_id,
        actor="person:admin",
        observed_at=datetime.fromisoformat(reading.at),
        business_day=reading.at[:10],
        value=Decimal(reading.value),
        denominator=Decimal(reading.of) if reading.of else None,
    )


def _make_database(site: Site) -> dict[str, str]:
    """A database and two users; the environment variables that tell the library of them."""
    password = new_password()
    with psycopg.connect(site.settings.database_dsn, autocommit=True) as connection:
        for role in (WRITER, VIEWER):
            connection.execute(
                SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(Identifier(role), Literal(password))
            )
        connection.execute(SQL("ALTER ROLE {} SET synchronous_commit = off").format(Identifier(VIEWER)))
        connection.execute("CREATE DATABASE peer")
    where = urlsplit(site.settings.database_dsn)
    with psycopg.connect(site.settings.database_dsn, dbname="peer", autocommit=True) as connection:
        connection.execute(f"GRANT CREATE ON SCHEMA public TO {WRITER}, {VIEWER}")
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": "peer",
        "POSTGRES_HOST": str(where.hostname),
        "POSTGRES_PORT": str(where.port),
        "POSTGRES_USER": WRITER,
        "POSTGRES_PASSWORD": password,
        f"{Rows.name.upper()}_POSTGRES_USER": VIEWER,
    }
