"""The reference of readings: what an item holds, how kinds are brought together, why one is rejected."""

from __future__ import annotations

import re
from types import ModuleType
from typing import get_args

from docs.pages.fields import fields
from events.kpis.definition import AGGREGATIONS, ReadingKind
from events.measures import Aggregation
from events.readings import identity
from services.intake.formats import ITEM_BYTES, ITEM_VALUES, MAX_ITEMS
from services.intake.items import Item
from services.intake.receipts import STATUSES, Status
from services.intake.rejections import SENTENCES

HEAD = f"""# Readings (실적)

Written by `make docs` from `services/intake/` and `events/`.

How to send them is in [connect a feed](../how-to/connect-a-feed.md).

## An item

The same fields over HTTP and NATS and, by a mapping, from files. Numbers are exact: texts, or JSON numbers
whose digits are taken as they are; at most 26 digits before and 12 after the point. A request has at most
{MAX_ITEMS:,} items or 50 MB, an item {ITEM_BYTES // 1024} KiB and {ITEM_VALUES} values.

"""

STATUS_HEAD = """
## What becomes of an item

| status | meaning |
|---|---|
"""

MEANING: dict[Status, str] = {
    "accepted": "On the ledger and on the disk. With a `revision` it is a correction of an earlier one.",
    "duplicate": "Exactly this is on record already, at `position`. No value changed. A higher"
    " `source_version` is remembered.",
    "superseded": "A newer `source_version` is on record, at `position`. Nothing happened.",
    "conflict": "On record with other content. Kept for a person to decide; it counts for nothing.",
    "rejected": "Can't be taken: `code`, `reason` and `pointer` say why. Its neighbours are not concerned.",
}

IDENTITY_HEAD = """
## Which one it is

The identity of a reading is (feed, KPI, source id), for ever. Content is compared as it was sent.
A *figure so far* is content in force that stands for a whole `period` and came while that was still running.

"""

KINDS_HEAD = """
## Kind and aggregation

A KPI's `kind` says what one reading is; its `aggregation` how readings become the value of a period. Sums of
levels and means of ratios say nothing, so not everything goes together:

"""

KINDS: dict[ReadingKind, str] = {
    "delta": "an amount to add: one order, one visit",
    "total": "the running total of its period: sales of the month so far",
    "gauge": "a level at a time: head count, a temperature",
    "ratio": "two parts, numerator and denominator: 28 of 30 deliveries on time",
}

REJECTIONS_HEAD = """
## Why an item is rejected

| code | what it says |
|---|---|
"""


def readings_reference() -> str:
    """The page as Markdown."""
    statuses = "".join(f"| `{status}` | {MEANING[status]} |\n" for status in STATUSES)
    rejections = "".join(f"| `{code}` | {_escaped(text.en)} |\n" for code, text in SENTENCES.items())
    parts = (
        HEAD,
        fields(Item),
        STATUS_HEAD,
        statuses,
        IDENTITY_HEAD,
        _table_of(identity),
        KINDS_HEAD,
        _kinds(),
    )
    return "".join((*parts, REJECTIONS_HEAD, rejections))


def _table_of(module: ModuleType) -> str:
    """The Markdown table in a docstring."""
    return "\n".join(re.findall(r"^\|.*\|$", module.__doc__ or "", re.MULTILINE)) + "\n"


def _kinds() -> str:
    names = get_args(Aggregation)
    head = f"| kind | one reading is | {' | '.join(names)} |\n|---|---|{'---|' * len(names)}\n"
    rows = [
        f"| `{kind}` | {KINDS[kind]} | {' | '.join('✓' if name in allowed else '' for name in names)} |\n"
        for kind, allowed in AGGREGATIONS.items()
    ]
    return head + "".join(rows)


def _escaped(sentence: str) -> str:
    """As Markdown shows it: what is filled in stands in braces."""
    return sentence.replace("<", "&lt;").replace("|", "\\|")
