"""What operations on people answer: examples for the OpenAPI document."""

from __future__ import annotations

from typing import Any

PERSON_ID = "0b9f1c86-9a53-5c4e-8f3c-6a5f4c1f9d10"
MEMBERSHIP = {
    "org_unit": "sales",
    "role": "lead",
    "effective_from": "2026-01-01",
    "until": None,
}
PERSON = {
    "id": PERSON_ID,
    "name": "김안나",
    "mail": "anna.kim@example.com",
    "org_units": ["sales"],
    "memberships": [{**MEMBERSHIP, "in_force": True}],
    "forgotten": False,
    "revision": 1190,
}
MEMBER: dict[str, Any] = {"person": PERSON_ID, "name": "김안나", **MEMBERSHIP}
