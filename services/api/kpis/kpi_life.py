"""Approval of KPI targets: the changes that wait are agreed to, or sent back."""

from __future__ import annotations

from events.commands import Command
from events.kpis.commands import AgreeKpiChange, SendBackKpiChange
from services.api.http.routes import subject_router
from services.api.http.transitions import add_step

router = subject_router("/v1/kpis", "KPIs")


def _add_step(command: Command, name: str, summary: str, description: str) -> None:
    """Add a step that is asked for with nothing but, perhaps, a reason."""
    add_step(router, "kpi", command, name, summary, description, example="acv")


_add_step(
    AgreeKpiChange(),
    "agree",
    "Approve a change of a KPI's target",
    "Say yes to the targets that wait: they hold from today on, or from a later or backdated day that was"
    " asked for. Whoever asked for them does not.",
)
_add_step(
    SendBackKpiChange(),
    "send_back",
    "Send a change of a KPI's target back",
    "Refuse the targets that wait, or take back what you asked for; that takes a reason.",
)
