"""What intake measures."""

from __future__ import annotations

from prometheus_client import Counter, Gauge

from services.intake.receipts import STATUSES

_ITEMS = Counter("goaltrail_readings_total", "Items that were answered.", ["status"])
ITEMS = {status: _ITEMS.labels(status) for status in STATUSES}
"""By status."""
BEHIND = Gauge("goaltrail_deliveries_behind", "Deliveries in INTAKE that are not taken in yet.")
