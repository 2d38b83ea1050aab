"""How KPIs stand, as it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from events.decimals import Number
from events.kpis.state import Kpi
from events.policies.state import InForce
from projections.kpi_status import days_for_status, kpi_status
from projections.scoring.formulas import shown
from projections.scoring.values import BusinessDays
from projections.state import queries
from services.queries.grading import BandOut, FreshnessOut, PolicyRef, band_out, load_policies, policy_ref
from services.queries.read_context import ReadContext


class KpiStatusOut(BaseModel):
    """How a KPI stands against the target in force, by the newest KPI policy."""

    code: str = Field(
        description="A band of the policy, or `no_target`, `no_value`; `stale` in place of the best band when"
        " readings are older than its cadence allows."
    )
    name_ko: str
    name_en: str
    policy: PolicyRef
    band: BandOut | None = Field(description="Of the attainment, also while it is stale.")
    period: str | None = Field(description="The latest complete period that has a value.")
    value: Number | None
    target: Number | None = Field(description="In force on the period's last day.")
    attainment: Number | None = Field(description="Raw score, six places.")
    shown: Number | None = Field(description="From 0 up to the policy's cap.")
    readings: FreshnessOut | None = Field(description="null without a reading in the last periods.")


async def statuses(context: ReadContext, kpis: Sequence[Kpi]) -> dict[str, KpiStatusOut]:
    """Return the status of each KPI on the day shown, by its id."""
    policy = (await load_policies(context)).newest("kpi")
    kpis = [kpi.as_on(context.as_of) for kpi in kpis]
    stretches = {kpi.id: days_for_status(kpi, context.as_of) for kpi in kpis}
    days = await queries.days_of_each(context.connection, stretches, context.position)
    return {kpi.id: _status(kpi, days[kpi.id], policy, context.as_of) for kpi in kpis}


def _status(kpi: Kpi, days: BusinessDays, policy: InForce, as_of: date) -> KpiStatusOut:
    found = kpi_status(kpi, days, policy.rules, as_of)
    point = found.point
    attainment = None if point is None else point.attainment
    return KpiStatusOut(
        **dict(band_out(found.status)),
        policy=policy_ref(policy),
        band=None if found.band is None else band_out(found.band),
        period=None if point is None else point.label,
        value=None if point is None else point.value,
        target=None if point is None else point.target,
        attainment=attainment,
        shown=None if attainment is None else shown(attainment, policy.rules.shown_cap),
        readings=None if found.readings is None else FreshnessOut(**found.readings._asdict()),
    )
