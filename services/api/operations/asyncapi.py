"""The AsyncAPI 3.0 document of what travels over NATS, made from the event registry."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

from events import event_types as _event_types  # noqa: F401 - registers every event type
from events.registry import EventType, all_types
from projections.groups import GROUPS
from services.intake.items import Item
from services.postgres.damage import Damage

_WORKSPACE = {"description": "Up to 32 of lower-case letters, digits and -.", "examples": ["main"]}


@cache
def document() -> dict[str, Any]:
    """Channels, messages with their schemas, and who sends and receives."""
    types = all_types()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Goaltrail over NATS",
            "version": "1",
            "description": "Every event is a CloudEvents 1.0 message in structured JSON on the ledger of its"
            " workspace. The ledger is read by position; only Goaltrail writes to it. Feeds publish"
            " readings.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "ledger": {
                "address": "ledger.{workspace}.{aggregate}.{id}",
                "title": "Ledger",
                "description": "One JetStream stream per workspace (LEDGER_<workspace>), one literal subject"
                " per aggregate. A stream sequence is a position.",
                "parameters": {
                    "workspace": _WORKSPACE,
                    "aggregate": {"description": "The kind of aggregate.", "examples": ["objective", "kpi"]},
                    "id": {"description": "The aggregate's id; of readings the KPI's."},
                },
                "messages": {entry.name: {"$ref": f"#/components/messages/{entry.name}"} for entry in types},
            },
            "delivery": {
                "address": "intake.{workspace}.{feed}",
                "title": "Deliveries of a feed",
                "description": "Readings from a feed, stored by JetStream (stream INTAKE, for 30 days) and"
                " then taken in, in their order; publish with an ack to know that it is stored. What can't be"
                " taken in is kept on rejected.{workspace}.{feed} (stream REJECTED), with the headers"
                " Goaltrail-Code, Goaltrail-Pointer and Goaltrail-Reason.",
                "parameters": {"workspace": _WORKSPACE, "feed": {"description": "The feed's id."}},
                "messages": {"delivery": {"$ref": "#/components/messages/delivery"}},
            },
            "nudge": {
                "address": "nudge.ledger.{workspace}",
                "title": "Nudge",
                "description": "Sent after each append. One may be lost: readers look at the ledger, too.",
                "parameters": {"workspace": _WORKSPACE},
                "messages": {"nudge": {"$ref": "#/components/messages/nudge"}},
            },
            "viewsNudge": {
                "address": "nudge.views.{workspace}.{group}",
                "title": "Nudge of views",
                "description": "Sent after each commit of a projection. One may be lost, too.",
                "parameters": {
                    "workspace": _WORKSPACE,
                    "group": {"description": "The projection group.", "examples": list(GROUPS)},
                },
                "messages": {"nudge": {"$ref": "#/components/messages/nudge"}},
            },
            "damage": {
                "address": "nudge.damage.{workspace}.{group}.{damage}",
                "title": "Damage of views",
                "description": "Sent when a read finds something of the views lost or unreadable. The"
                " projector builds them anew.",
                "parameters": {
                    "workspace": _WORKSPACE,
                    "group": {"description": "The projection group.", "examples": list(GROUPS)},
                    "damage": {"description": "What sort of damage it is.", "enum": list(get_args(Damage))},
                },
                "messages": {"damage": {"$ref": "#/components/messages/damage"}},
            },
        },
        "operations": {
            "recordEvent": {"action": "send", "channel": {"$ref": "#/channels/ledger"}},
            "takeDelivery": {"action": "receive", "channel": {"$ref": "#/channels/delivery"}},
            "tellPosition": {"action": "send", "channel": {"$ref": "#/channels/nudge"}},
            "tellViews": {"action": "send", "channel": {"$ref": "#/channels/viewsNudge"}},
            "tellDamage": {"action": "send", "channel": {"$ref": "#/channels/damage"}},
        },
        "components": {
            "messages": {
                **{entry.name: _message(entry) for entry in types},
                "delivery": _delivery(),
                "nudge": {
                    "summary": "The last position of a workspace's ledger, or the one that views show.",
                    "contentType": "text/plain",
                    "payload": {"type": "string", "pattern": "^[0-9]+$", "examples": ["1843"]},
                },
                "damage": {
                    "summary": "The number of the build that is damaged.",
                    "contentType": "text/plain",
                    "payload": {"type": "string", "pattern": "^[0-9]+$", "examples": ["7"]},
                },
            },
        },
    }


def _message(entry: EventType) -> dict[str, Any]:
    description = (entry.model.__doc__ or "").strip()
    if entry.personal:
        fields = ", ".join(sorted(entry.personal))
        description += f" Personal text, encrypted: {fields} and the reason."
    return {
        "name": entry.full,
        "summary": entry.sentence.en,
        "description": description,
        "contentType": "application/cloudevents+json",
        "payload": _envelope(entry),
    }


def _delivery() -> dict[str, Any]:
    """Return a reading as a feed publishes it, in structured mode."""
    data = Item.model_json_schema()
    # The event's id stands for the source id, its time for the time of observation.
    data["required"] = ["kpi"]
    text = {"type": "string"}
    example = {
        "specversion": "1.0",
        "id": "SO-1042",
        "source": "/erp/sales",
        "type": "sale.confirmed",
        "time": "2026-03-31T18:00:00+09:00",
        "data": {"kpi": "sales", "value": "1290.50"},
    }
    return {
        "name": "delivery",
        "summary": "One reading.",
        "description": "A CloudEvent 1.0 in structured mode, or in binary mode with `ce-…` headers and `data`"
        " as the payload. `id` is the source id, `time` when it was observed, unless `data` says otherwise.",
        "contentType": "application/cloudevents+json",
        "payload": {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "type": "object",
            "required": ["specversion", "id", "data"],
            "properties": {
                "specversion": {"const": "1.0"},
                "id": text,
                "source": text,
                "type": text,
                "time": {**text, "format": "date-time"},
                "data": data,
            },
        },
        "examples": [{"payload": example}],
    }


def _envelope(entry: EventType) -> dict[str, Any]:
    """Return the JSON Schema of an event as it is on the ledger; its definitions stand where they are
    used.
    """
    text = {"type": "string"}
    data = entry.model.model_json_schema(mode="serialization", ref_template="#/$defs/{model}")
    definitions = data.pop("$defs", {})
    schema: dict[str, Any] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "required": ["specversion", "id", "type", "source", "subject", "time", "actor", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "format": "uuid"},
            "type": {"const": entry.full},
            "source": {**text, "description": "/goaltrail/<workspace>"},
            "subject": {**text, "description": "<aggregate>/<id>"},
            "time": {"type": "string", "format": "date-time"},
            "actor": {**text, "description": "person:<id>, feed:<id> or system:<what>"},
            "reason": {**text, "description": "Encrypted."},
            "correlationid": text,
            "causationid": text,
            "request": text,
            "businessday": {"type": "string", "format": "date"},
            "data": data,
        },
    }
    if definitions:
        schema["$defs"] = definitions
    return schema
