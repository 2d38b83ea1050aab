"""What tests of relative goals and their neighbours start from."""

from datetime import date
from typing import Any

from events.measures import Measure
from events.objectives.commands import (
    ResolveRelative,
)
from events.relative import FrozenBase, PeriodBase
from tests.events.given import QUARTER

COST = Measure.model_validate(
    {"kind": "decrease", "unit": "KRW", "relative": {"amount": "-5", "of": "previous_quarter"}}
)


def base(value: object, from_: date = QUARTER.start, **fields: Any) -> PeriodBase:
    """What the last quarter of 2024 came to."""
    frozen: dict[str, Any] = {
        "value": str(value),
        "start": date(2024, 10, 1),
        "end": date(2024, 12, 31),
        "readings": 3,
        "first_position": 10,
        "last_position": 30,
        "known_position": 40,
    }
    return PeriodBase(effective_from=from_, base=FrozenBase.model_validate(frozen | fields))


def resolve(*bases: PeriodBase) -> ResolveRelative:
    """The command with what was found."""
    return ResolveRelative(key_result="cost", bases=bases)
