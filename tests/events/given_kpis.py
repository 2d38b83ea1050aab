"""What tests of kpis and their neighbours start from."""

from decimal import Decimal

from events.kpis.definition import KpiTarget
from events.kpis.events import KpiDefined, KpiTargetSet
from tests.events.given import TODAY, given

DEFINED = KpiDefined(
    name_ko="응답 시간",
    name_en="Response time",
    unit="hour",
    kind="ratio",
    aggregation="ratio",
    cadence="month",
    empty="missing",
    org_unit="sales",
)


KPI = given("kpi", DEFINED)


FIRST = KpiTarget(kind="at_most", target=Decimal(24), effective_from=TODAY)


WITH_TARGET = KPI.and_then(KpiTargetSet(new=FIRST))
