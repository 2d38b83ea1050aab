"""Tables of group `state`. Facts are appended as versions; only `kpi_day` and the readings' rows of
`score_history` are summed up in place, and only within the recorded day that is still open."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    func,
    literal_column,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from projections.projection import LATE

metadata = MetaData(schema="state")

version = Table(
    "version",
    metadata,
    Column("kind", Text, primary_key=True, comment="workspace, org_unit, cycle, objective, kpi, feed, …"),
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, comment="the event that made this version"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column(
        "revision", BigInteger, nullable=False, comment="position of the last change; check-ins do not count"
    ),
    Column("state", JSONB, nullable=False, comment="the aggregate's state, as its decider folds it"),
    comment="Every version of every goal, unit, cycle and KPI: the latest to a position is the state then.",
)

_RELATIVE = "'$.key_results[*].**{0 to 1}.measure.relative.of'::jsonpath"
HOLDS_RELATIVE = func.jsonb_path_exists(version.c.state, literal_column(_RELATIVE), type_=Boolean)
"""Whether a key result of an objective is a relative goal, or was measured as one."""

Index(
    "version_relative",
    version.c.id,
    version.c.position,
    postgresql_where=HOLDS_RELATIVE,
    info={LATE: True},
)

key_result = Table(
    "key_result",
    metadata,
    Column("id", Text, primary_key=True),
    Column("objective", Text, nullable=False),
    Column("position", BigInteger, nullable=False, comment="the event that added it"),
    comment="Which objective a key result belongs to.",
)

taken_over = Table(
    "taken_over",
    metadata,
    Column("key_result", Text, primary_key=True),
    Column("objective", Text, primary_key=True, comment="the objective that makes it its own"),
    Column("position", BigInteger, nullable=False, comment="the event that drafted the objective"),
    comment="Which key results are taken over as objectives; dropped objectives stay.",
)

attachment = Table(
    "attachment",
    metadata,
    Column("about", Text, primary_key=True, comment="<kind>/<id> of a goal, unit or person"),
    Column("kind", Text, primary_key=True, comment="initiative, conversation, feedback, recognition"),
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, comment="the event that attached it"),
    comment="What hangs on what, or once did: whether it still does, its latest version tells.",
)

restriction = Table(
    "restriction",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True, comment="the event that restricted it"),
    Column("parties", ARRAY(Text), comment="actors who see it; null: everybody does from here on"),
    Column("line_of", ARRAY(Text), comment="ids of people whose leads see it"),
    Column("goals", ARRAY(Text), comment="ids of objectives and key results: who sees one of them sees it"),
    comment="Who sees what not everybody sees: the latest row counts. What has none is seen by everybody.",
)

command = Table(
    "command",
    metadata,
    Column("event_id", UUID(as_uuid=True), primary_key=True, comment="id of the command's first event"),
    Column("position", BigInteger, nullable=False, comment="of the first event"),
    Column("kind", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("request", Text, nullable=False, comment="hash of what was asked, and how many events it made"),
    comment="Commands that came with an Idempotency-Key, so that a retry gets the first answer.",
)

reading = Table(
    "reading",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", UUID(as_uuid=True), nullable=False, comment="identity of (feed, KPI, source id), for ever"),
    Column("revision", Integer, nullable=False),
    Column("status", Text, nullable=False, comment="recorded, corrected or retracted"),
    Column("kpi", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("source_version", BigInteger),
    Column("value", Numeric, comment="null for ratios and retractions"),
    Column("numerator", Numeric),
    Column("denominator", Numeric),
    Column("observed_at", DateTime(timezone=True), nullable=False),
    Column(
        "business_day",
        Date,
        nullable=False,
        comment="of observed_at in the workspace's zone, stamped at intake",
    ),
    Column("content", UUID(as_uuid=True), nullable=False, comment="hash of the content as sent"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text),
    Column("dimensions", JSONB),
    comment="Every version of every reading; the one with the highest position of an id is in force.",
)
Index("reading_id", reading.c.id, info={LATE: True})
Index("reading_kpi_day", reading.c.kpi, reading.c.business_day, info={LATE: True})

dispute = Table(
    "dispute",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "id", UUID(as_uuid=True), nullable=False, comment="the reading that is on record with other content"
    ),
    Column("kpi", Text, nullable=False),
    Column("feed", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("source_version", BigInteger),
    Column("value", Numeric),
    Column("numerator", Numeric),
    Column("denominator", Numeric),
    Column("observed_at", DateTime(timezone=True), nullable=False),
    Column("business_day", Date, nullable=False),
    Column("content", UUID(as_uuid=True), nullable=False, comment="hash of the content as sent"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("dimensions", JSONB),
    comment="Other content that a feed sent for a reading on record, without saying that it is newer.",
)
Index("dispute_id", dispute.c.id, info={LATE: True})

confirmation = Table(
    "confirmation",
    metadata,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("id", UUID(as_uuid=True), nullable=False, comment="the reading that was sent again"),
    Column("source_version", BigInteger, nullable=False),
    Column("content", UUID(as_uuid=True), nullable=False, comment="hash of the content as sent"),
    Column("recorded_at", DateTime(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    comment="Newer versions with which a feed sent what was in force already.",
)
Index("confirmation_id", confirmation.c.id, info={LATE: True})

kpi_day = Table(
    "kpi_day",
    metadata,
    Column("kpi", Text, primary_key=True),
    Column("business_day", Date, primary_key=True),
    Column("recorded_day", Date, primary_key=True, comment="UTC day of recorded_at"),
    Column("n", Integer, nullable=False, comment="increment of the number of readings"),
    Column("total", Numeric, nullable=False, comment="increment of the sum of values"),
    Column("numerator", Numeric, nullable=False, comment="increment"),
    Column("denominator", Numeric, nullable=False, comment="increment"),
    Column(
        "reset",
        Boolean,
        nullable=False,
        comment="the columns below hold for the whole day, not only these readings",
    ),
    Column("last_at", DateTime(timezone=True)),
    Column("last_position", BigInteger),
    Column("last_value", Numeric),
    Column("min_value", Numeric),
    Column("max_value", Numeric),
    Column("position", BigInteger, nullable=False, comment="the last event that contributed"),
    comment="What readings recorded on one day add to one business day of a KPI.",
)

score_history = Table(
    "score_history",
    metadata,
    Column("key_result", Text, primary_key=True),
    Column("day", Date, primary_key=True, comment="the business day that is scored"),
    Column("recorded_day", Date, primary_key=True, comment="UTC day of recorded_at"),
    Column(
        "goal_position", BigInteger, primary_key=True, comment="the goal event that caused it; 0 for readings"
    ),
    Column("objective", Text, nullable=False),
    Column(
        "position",
        BigInteger,
        nullable=False,
        comment="the goal event; for readings the last event of the recorded day that could change the score,"
        " such as a reading or a change of the target",
    ),
    Column(
        "recorded_at", DateTime(timezone=True), nullable=False, comment="when the event at `position` was"
    ),
    Column("cause", Text, nullable=False, comment="name of the event, or `reading`"),
    Column("value", Numeric),
    Column("raw", Numeric, comment="six places, half-even; null while pending"),
    Column(
        "score",
        Numeric,
        nullable=False,
        comment="raw clamped to 0–1, also where the policy's cap is higher; 0 while pending",
    ),
    Column("met", Boolean),
    Column("baseline", Numeric),
    Column("target", Numeric, comment="null until a relative goal is resolved"),
    Column("upper", Numeric, comment="upper edge of `between`, whose lower edge is the target"),
    Column("weight", Numeric),
    comment="Scores of key results: a row per goal event, and one per business day and recorded day.",
)

moment = Table(
    "moment",
    metadata,
    Column(
        "position",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="the last event of an atomic batch",
    ),
    Column(
        "recorded_at", DateTime(timezone=True), nullable=False, comment="never before that of a row before"
    ),
    Column(
        "server_time",
        DateTime(timezone=True),
        nullable=False,
        comment="the server's own time, which is earlier where its clock was set back",
    ),
    comment="Where the ledger stood at a time: a position, never in the middle of an atomic batch.",
)
Index("moment_recorded_at", moment.c.recorded_at, info={LATE: True})
