"""What the routers need: made once in main.py, handed to create_app, reached through a request's state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from services.access.access import Access
from services.api.operations.health import Health
from services.commands.handler import Goals
from services.commands.private_readings import PrivateReadings
from services.intake.intake import Intake
from services.keys.keys import Keys
from services.ledger import Ledger
from services.postgres.views import Views
from services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a request may use."""

    settings: Settings
    ledger: Ledger
    views: Views
    access: Access
    keys: Keys
    goals: Goals
    private_readings: PrivateReadings
    intake: Intake
    health: Health


async def services_of(request: Request) -> Services:
    """Return the services that create_app was given."""
    found = request.state.services
    assert isinstance(found, Services)
    return found


Serving = Annotated[Services, Depends(services_of)]
