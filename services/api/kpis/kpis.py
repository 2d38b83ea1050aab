"""KPIs (핵심성과지표): their definitions, targets and trends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from events.decimals import Number
from events.ids import Aggregate, Slug
from events.kpis.commands import DefineKpi, RedefineKpi, RetireKpi, SetKpiTarget, StatedKpiTarget
from events.kpis.definition import KpiTarget
from events.kpis.state import Kpi
from events.objectives.events import Framework as GoalFramework
from events.objectives.state import Objective
from events.policies.rules import Rules
from events.units import PERCENTAGES
from projections import trend as trends
from projections.kpi_status import status_of_point
from projections.scoring.periods import period_of
from projections.state import queries
from services.api.http.command_execution import Reason, Reasoned, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, etag, find
from services.api.http.language import Lang
from services.api.http.openapi_responses import CHANGE, CREATE, READ
from services.api.http.paging import Page, Paged, PagedByNumber, page, page_from
from services.api.http.problems import invalid_parameter
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import GoalEditor, Reader
from services.api.http.services import Serving
from services.commands.relative_goals import kpi_base_of, kpi_bases_now
from services.queries.completeness import Incomplete, parts_of_kpi, unreadable
from services.queries.goal_schemas import BaseOut, base_out
from services.queries.grading import POLICIES, BandOut, PolicyRef, band_out, policies_among, policy_ref
from services.queries.kpi_status import KpiStatusOut, statuses
from services.queries.lookup import shown
from services.queries.paging import id_of, last_id
from services.queries.person_names import name_people
from services.queries.read_context import ReadContext
from services.queries.visibility import list_seen, seen_objectives, with_purpose_seen

router = subject_router("/v1/kpis", "KPIs")

KpiId = Annotated[Slug, Path(examples=["acv"])]


class NewKpi(DefineKpi):
    """A KPI to define."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "acv",
                    "name_ko": "평균 계약 금액",
                    "name_en": "Average contract value",
                    "unit": "KRW",
                    "kind": "gauge",
                    "aggregation": "mean",
                    "cadence": "month",
                    "perspective": "finance",
                }
            ]
        }
    )

    id: Slug
    reason: Reason | None = None


class KpiPatch(RedefineKpi):
    """Parts of the definition that are to be another; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"owner": "boris", "reason": "담당자 변경"}]})

    reason: Reason | None = None


class NewKpiTarget(StatedKpiTarget):
    """A target for a stretch of days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "kind": "at_least",
                    "target": "80000000",
                    "effective_from": "2026-04-01",
                    "reason": "2분기 계획",
                },
                {
                    "kind": "at_most",
                    "relative": {"amount": "-5", "of": "same_period_last_year"},
                    "effective_from": "2026-04-01",
                    "effective_to": "2026-04-30",
                },
            ]
        }
    )

    reason: Reason | None = Field(None, description="Needed unless it is a first target for days to come.")


class KpiOut(Kpi):
    """A KPI, its status on the day shown, and its revision."""

    model_config = ConfigDict(frozen=False)

    owner_name: str | None = Field(None, description="Of an owner who is a registered person.")
    mean_of_ratios: bool = Field(False, description="Its source sends finished ratios; this is their mean.")
    status: KpiStatusOut
    incomplete: Incomplete
    revision: int

    @model_validator(mode="after")
    def _says_what_it_averages(self) -> Self:
        self.mean_of_ratios = self.aggregation == "mean" and self.unit in PERCENTAGES
        return self


class MeasuredGoal(BaseModel):
    """A key result that takes its value from a KPI: one measure, both watched and to be moved for a cycle."""

    id: str
    title: str
    objective: str
    cycle: str
    framework: GoalFramework


class KpiRead(KpiOut, Times):
    """One KPI, now or then."""

    key_results: list[MeasuredGoal] = Field(
        description="That it measures, by cycle and id; dropped ones not."
    )


class TargetOut(KpiTarget):
    """A target, and whether it is the one that holds on the day shown."""

    base: BaseOut | None = Field(None, description="Of a relative target.")
    in_force: bool


class ChangeOut(BaseModel):
    """How far a value is from an earlier one."""

    amount: Number
    unit: Literal["percent", "points"] = Field(description="points: percentage points.")


class TrendPoint(BaseModel):
    """One bucket of the calendar."""

    label: str = Field(examples=["2026-03", "2026-W07"])
    start: date
    end: date
    complete: bool = Field(description="It is over; otherwise it may still grow.")
    value: Number | None = Field(description="By the KPI's aggregation, in its unit.")
    count: int = Field(description="Of readings.")
    target: Number | None = Field(description="In force on the bucket's last day.")
    upper: Number | None = Field(description="Upper edge of a target `between`; `target` is the lower one.")
    attainment: Number | None = Field(description="Raw score against the target, six places.")
    met: bool | None
    status: BandOut | None = Field(
        description="The band of the attainment, `no_target` or `no_value`; null if nothing can be told."
    )
    change: ChangeOut | None = Field(description="From the bucket before.")
    change_on_year: ChangeOut | None = Field(description="From the same bucket of last year.")


class Trend(Times):
    """A KPI over time."""

    kpi: str
    unit: str
    bucket: Literal["day", "week", "month", "quarter", "year"]
    incomplete: Incomplete
    policy: PolicyRef = Field(description="The newest KPI policy; it judges all buckets.")
    data: list[TrendPoint]


@router.post("", status_code=201, summary="Define a KPI", responses=CREATE)
async def define(caller: GoalEditor, writing: Writing, body: NewKpi) -> Receipt:
    """Begin to watch a measure."""
    return await writing.create(caller, "kpi", DefineKpi, body, router.prefix)


@router.get("", summary="List KPIs", responses=READ)
async def list_kpis(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    as_of: AsOf,
    known_at: KnownAt,
) -> Page[KpiOut]:
    """All KPIs by id with their status, retired ones too."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        chosen = await list_seen(context, "kpi", paged)
        listed = page(await _with_status(context, chosen), paged, context.next_page(last_id(chosen, paged)))
        await name_people(services.keys, context, language, listed.data)
        return listed


@router.get("/{kpi}", summary="Read a KPI", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    kpi: KpiId,
    as_of: AsOf,
    known_at: KnownAt,
) -> KpiRead:
    """One KPI with its status."""
    async with viewing.context(caller, as_of, known_at) as context:
        [found] = await _with_status(context, [await find(context, "kpi", kpi, response)])
        measured = _measured(kpi, await seen_objectives(context, holding=_measured_by(kpi)))
        read = KpiRead(**dict(found), key_results=measured, **context.times)
        await name_people(services.keys, context, language, [read])
        return read


async def _with_status(context: ReadContext, versions: Sequence[queries.Version]) -> list[KpiOut]:
    """KPIs as they are answered."""
    kpis = await with_purpose_seen(context, [one.state for one in versions if isinstance(one.state, Kpi)])
    revisions = {id_of(version): version.revision for version in versions}
    found = await statuses(context, kpis)
    lost = await unreadable(context)
    return [
        KpiOut(
            **dict(kpi),
            status=found[kpi.id],
            incomplete=not lost.isdisjoint(parts_of_kpi(kpi.id)),
            revision=revisions[kpi.id],
        )
        for kpi in kpis
    ]


def _measured_by(kpi: str) -> list[dict[str, Any]]:
    """Return what the state of an objective holds of which the KPI measures, or measured, a key result."""
    return [{"key_results": [{"kpi": kpi}]}, {"key_results": [{"earlier_measures": [{"kpi": kpi}]}]}]


def _measured(kpi: str, goals: Iterable[queries.Version]) -> list[MeasuredGoal]:
    """Return the key results of some objectives that take their value from a KPI."""
    found = [
        MeasuredGoal(
            id=key_result.id,
            title=key_result.title,
            objective=goal.state.id,
            cycle=goal.state.cycle,
            framework=goal.state.framework,
        )
        for goal in goals
        if isinstance(goal.state, Objective) and goal.state.status != "dropped"
        for key_result in goal.state.active_key_results
        if key_result.kpi == kpi
    ]
    return sorted(found, key=lambda one: (one.cycle, one.id))


@router.patch("/{kpi}", summary="Change a KPI", responses=CHANGE)
async def redefine(
    caller: GoalEditor, writing: Writing, kpi: KpiId, if_match: IfMatch, body: KpiPatch
) -> Receipt:
    """Change parts of the definition; that takes a reason. Unit and kind stay.

    How readings count (aggregation, cadence, empty) is another from `effective_from` on: figures as of a day
    before, and of cycles that were over by then, stay. A day in the past is marked as backdated.
    """
    return await writing.execute(
        caller, Aggregate("kpi", kpi), as_command(body, RedefineKpi), body=body, if_match=if_match
    )


@router.post("/{kpi}/retire", summary="Retire a KPI", responses=CHANGE)
async def retire(
    caller: GoalEditor, writing: Writing, kpi: KpiId, if_match: IfMatch, body: Reasoned | None = None
) -> Receipt:
    """Watch it no longer; that takes a reason. Its readings stay."""
    return await writing.execute(caller, Aggregate("kpi", kpi), RetireKpi(), body=body, if_match=if_match)


@router.post("/{kpi}/targets", status_code=201, summary="Set a target", responses=CHANGE)
async def set_target(
    caller: GoalEditor,
    writing: Writing,
    viewing: Viewing,
    kpi: KpiId,
    if_match: IfMatch,
    body: NewKpiTarget,
) -> Receipt:
    """Set a target for a stretch of days; the ones before stay on record.

    Where the KPI policy asks for approval, a target for days that have one already waits until somebody else
    agrees. A `relative` one is resolved with what is on record of its base now, and frozen.
    """
    base = None
    if body.relative is not None:
        async with viewing.context(caller) as context:
            base = await kpi_base_of(context.connection, context.position, context.as_of, kpi, body)
    return await writing.execute(
        caller,
        Aggregate("kpi", kpi),
        as_command(body, SetKpiTarget, base=base),
        body=body,
        if_match=if_match,
        location=f"{router.prefix}/{kpi}/targets",
    )


@router.get("/{kpi}/targets", summary="List targets", responses=READ)
async def targets(
    caller: Reader,
    viewing: Viewing,
    response: Response,
    paged: PagedByNumber,
    kpi: KpiId,
    as_of: AsOf,
    known_at: KnownAt,
) -> Page[TargetOut]:
    """Every target in the order they were set; of several that hold on a day the last one counts."""
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        state = (await find(context, "kpi", kpi, response)).state
        assert isinstance(state, Kpi)
        now = await kpi_bases_now(context.connection, context.position, state)
    in_force = state.target_on(context.as_of)
    shown = [
        TargetOut(
            **dict(target) | {"base": target.base and base_out(target.base, now[target.base])},
            in_force=target is in_force,
        )
        for target in state.targets
    ]
    return page_from(shown, paged, context.next_page)


@router.get("/{kpi}/trend", summary="Read the trend of a KPI", responses=READ)
async def trend(
    caller: Reader,
    viewing: Viewing,
    response: Response,
    kpi: KpiId,
    as_of: AsOf,
    known_at: KnownAt,
    first: Annotated[date | None, Query(alias="from", description="Default: twelve buckets.")] = None,
    last: Annotated[date | None, Query(alias="to", description="Default: the day shown.")] = None,
    bucket: Literal["day", "week", "month", "quarter", "year"] = "month",
) -> Trend:
    """Value, count, target in force, attainment and change for each day, week, month, quarter or year."""
    async with viewing.context(caller, as_of, known_at) as context:
        wanted = Aggregate("kpi", kpi)
        found = await queries.latest_of(context.connection, (wanted, *POLICIES), context.position)
        version = await shown(context, "kpi", kpi, found.get(wanted))
        response.headers["ETag"] = etag(version.revision, context.view.epoch)
        state = version.state
        assert isinstance(state, Kpi)
        last = last or context.as_of
        try:
            first = first or _twelve_back(bucket, last)
            needed = trends.days_needed(state, bucket, first, last)
        except (trends.OutOfRange, ValueError, OverflowError) as error:
            text = error.text if isinstance(error, trends.OutOfRange) else trends.BEYOND
            raise invalid_parameter("from", "trend_range", f"{text.en}.", f"{text.ko}.") from None
        days = await queries.days_of(context.connection, kpi, *needed, context.position)
        lost = await unreadable(context)
    policy = policies_among(found).newest("kpi")
    points = trends.trend(state, days, bucket, first, last, context.as_of)
    return Trend(
        kpi=kpi,
        unit=state.unit,
        bucket=bucket,
        incomplete=not lost.isdisjoint(parts_of_kpi(kpi)),
        policy=policy_ref(policy),
        data=[_point(point, policy.rules) for point in points],
        **context.times,
    )


def _point(point: trends.TrendPoint, rules: Rules) -> TrendPoint:
    status = status_of_point(point, rules)
    change, on_year = point.change, point.change_on_year
    return TrendPoint(
        label=point.label,
        start=point.start,
        end=point.end,
        complete=point.complete,
        value=point.value,
        count=point.count,
        target=point.target,
        upper=point.upper,
        attainment=point.attainment,
        met=point.met,
        status=None if status is None else band_out(status),
        change=None if change is None else ChangeOut(amount=change.amount, unit=change.unit),
        change_on_year=None if on_year is None else ChangeOut(amount=on_year.amount, unit=on_year.unit),
    )


def _twelve_back(bucket: Literal["day", "week", "month", "quarter", "year"], last: date) -> date:
    """Return the first day of the twelfth bucket up to a day's own."""
    period = period_of(bucket, last)
    for _ in range(11):
        period = period_of(bucket, period.start - timedelta(days=1))
    return period.start
