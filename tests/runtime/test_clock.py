"""Comparing clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from services.runtime import clock


@pytest.mark.parametrize(
    ("theirs", "ahead"), [(-3.0, 3.0), (0.0, 0.0), (2.0, 0.0), (4.0, 0.0), (5.0, -1.0), (3600.0, -3596.0)]
)
def test_what_asking_took_is_no_difference(theirs: float, ahead: float) -> None:
    """Their time may have been told at any moment of the four seconds that the answer took."""
    asked = datetime(2026, 1, 1, tzinfo=UTC)
    answered, told = asked + timedelta(seconds=4), asked + timedelta(seconds=theirs)
    assert clock.ahead(told, asked, answered) == timedelta(seconds=ahead)
