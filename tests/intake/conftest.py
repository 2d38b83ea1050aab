"""A workspace with KPIs, and empty views."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from services.intake.intake import Intake
from services.ledger import Ledger
from services.ledger.provision import create_workspace
from services.projector import builds
from services.runtime.settings import Role, Settings
from tests.intake.desk import Desk


@pytest.fixture
async def desk(
    settings_for: Callable[[Role], Settings],
    operator_settings: Settings,
    workspace: str,
) -> AsyncIterator[Desk]:
    """A workspace in Seoul with the KPIs sales (KRW), rate (a ratio) and level (a gauge)."""
    await create_workspace(operator_settings, workspace, name="Acme", zone="Asia/Seoul")
    engine = builds.projector_engine(settings_for("projector"))
    await builds.prepare_control(engine)
    async with await Ledger.connect(settings_for("api")) as ledger:
        made = Desk(settings_for("intake"), ledger, engine, workspace)
        await made.define("sales")
        await made.define("rate", "ratio", "%")
        await made.define("level", "gauge", "pcs")
        await made.begin_views()
        yield made
        await made.close()
    await engine.dispose()


@pytest.fixture
async def intake(desk: Desk) -> Intake:
    """A process that takes readings."""
    return desk.intake()
