"""Scorecards (평가표): by what a unit or a person is judged in a cycle, with score, grade and pay factor."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from events.decimals import Number
from events.ids import Aggregate, Slug
from events.scorecards.commands import ChangeScorecard, DrawUpScorecard
from events.scorecards.items import ItemKind
from events.scorecards.state import Scorecard
from projections.scoring.formulas import written
from projections.scoring.scorecards import Totals
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.language import Lang
from services.api.http.openapi_responses import CHANGE, CREATE, READ
from services.api.http.paging import Page, Paged, page
from services.api.http.read_parameters import AsOf, KnownAt, Times, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import Reader, ScorecardEditor
from services.api.http.services import Serving
from services.queries.grading import BandOut, PolicyRef
from services.queries.paging import last_id
from services.queries.person_names import name_people
from services.queries.scorecard_scores import ScorecardScores
from services.queries.visibility import list_seen

router = subject_router("/v1/scorecards", "goals")

ScorecardId = Annotated[Slug, Path(examples=["sales-2026"])]

_ITEMS: list[JsonValue] = [
    {"kind": "kpi", "id": "acv", "weight": "60"},
    {"kind": "key_result", "id": "churn", "weight": "40"},
]


class NewScorecard(DrawUpScorecard):
    """A scorecard to draw up; without an id it gets one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"id": "sales-2026", "cycle": "2026-q1", "org_unit": "sales", "items": _ITEMS},
            ]
        }
    )

    id: Slug | None = None
    reason: Reason | None = None


class ScorecardPatch(ChangeScorecard):
    """All items and weights anew."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"items": _ITEMS, "reason": "유지율을 함께 보기로 했습니다"}]}
    )

    reason: Reason | None = None


class TotalsOut(BaseModel):
    """What the periods that count came to together, and what their targets come to; in the KPI's unit."""

    periods: int = Field(description="How many of its cadence: over, in the cycle, with target and value.")
    value: Number
    target: Number = Field(description="Of `between` the lower edge.")
    upper: Number | None = Field(description="Of `between`.")
    baseline: Number | None = Field(description="Also 0, where an increase starts from that.")
    tolerance: Number | None


class ItemOut(BaseModel):
    """One line of a scorecard."""

    kind: ItemKind
    id: str | None = Field(description="null while `withheld`.")
    name_ko: str | None = Field(description="null while `withheld`.")
    name_en: str | None
    weight: Number = Field(description="Percent.")
    policy: PolicyRef | None = Field(description="The rules that cap its score.")
    raw: Number | None = Field(description="Six places; null while pending. Of an objective its score.")
    score: Number | None = Field(description="The raw score between 0 and the policy's cap; 0 while pending.")
    points: Number | None = Field(description="weight × score: what it adds to the total, in percent.")
    pending: bool = Field(description="There is no score: it counts 0.")
    withheld: bool = Field(description="An MBO goal that the caller does not see.")
    totals: TotalsOut | None = Field(
        description="Of a KPI that adds up (sum, count): what `raw` is made of; null while no period counts."
    )


class ScorecardOut(BaseModel):
    """A scorecard with its score."""

    id: str
    cycle: str
    org_unit: str | None
    person: str | None
    person_name: str | None = Field(None, description="Of a registered person.")
    items: list[ItemOut]
    score: Number | None = Field(description="Σ weight · score / 100; null when an item is withheld.")
    pending: tuple[str, ...] = Field(description="Items that count 0 because they have no score.")
    policy: PolicyRef = Field(description="Of MBO for a person, of KPI for a unit, as the cycle pins it.")
    band: BandOut | None
    payout_table: bool = Field(description="Whether that policy has a payout table; else there is no grade.")
    grade: str | None
    pay_factor: Number | None = Field(description="By which pay is multiplied elsewhere; never money.")
    revision: int


class ScorecardRead(ScorecardOut, Times):
    """One scorecard, now or then."""


@router.post("", status_code=201, summary="Draw up a scorecard", responses=CREATE)
async def draw_up(caller: ScorecardEditor, writing: Writing, body: NewScorecard) -> Receipt:
    """Set by what a unit or a person is judged in a cycle; the weights total 100.

    A person's is drawn up only by those who may see it.
    """
    id_ = body.id or writing.new_id(caller)
    return await writing.execute(
        caller,
        Aggregate("scorecard", id_),
        as_command(body, DrawUpScorecard),
        body=body,
        location=f"{router.prefix}/{id_}",
    )


@router.get("", summary="List scorecards with their scores", responses=READ)
async def list_scorecards(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    paged: Paged,
    language: Lang,
    as_of: AsOf,
    known_at: KnownAt,
    cycle: Annotated[Slug | None, Query(examples=["2026-q1"])] = None,
    org_unit: Annotated[Slug | None, Query(examples=["sales"])] = None,
    person: Annotated[Slug | None, Query(examples=["anna"])] = None,
) -> Page[ScorecardOut]:
    """Scorecards by id: those of units, and those of people that the caller sees."""
    wanted = {"cycle": cycle, "org_unit": org_unit, "person": person}
    filters = {field: value for field, value in wanted.items() if value is not None}
    async with viewing.context(caller, as_of, known_at, cursor=paged.cursor) as context:
        chosen = await list_seen(context, "scorecard", paged, holding=[filters])
        cards = [(one.state, one.revision) for one in chosen if isinstance(one.state, Scorecard)]
        figures = await ScorecardScores.load(context, [card for card, _ in cards])
        items = [_shown(figures, card, revision) for card, revision in cards]
        await name_people(services.keys, context, language, items)
        return page(items, paged, context.next_page(last_id(chosen, paged)))


@router.get("/{scorecard}", summary="Read a scorecard with its score", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    scorecard: ScorecardId,
    as_of: AsOf,
    known_at: KnownAt,
) -> ScorecardRead:
    """One scorecard: each item's score, the total, its band, and grade and pay factor if there is a table."""
    async with viewing.context(caller, as_of, known_at) as context:
        found = await find(context, "scorecard", scorecard, response)
        assert isinstance(found.state, Scorecard)
        figures = await ScorecardScores.load(context, [found.state])
        shown = ScorecardRead(**dict(_shown(figures, found.state, found.revision)), **context.times)
        await name_people(services.keys, context, language, [shown])
        return shown


@router.patch("/{scorecard}", summary="Change a scorecard", responses=CHANGE)
async def change(
    caller: ScorecardEditor, writing: Writing, scorecard: ScorecardId, if_match: IfMatch, body: ScorecardPatch
) -> Receipt:
    """Set all items and weights anew; that takes a reason. Items that are withheld from the caller stay, and
    their weights count.
    """
    return await writing.execute(
        caller,
        Aggregate("scorecard", scorecard),
        as_command(body, ChangeScorecard),
        body=body,
        if_match=if_match,
    )


def _shown(figures: ScorecardScores, card: Scorecard, revision: int) -> ScorecardOut:
    lines = [figures.line(card, item) for item in card.items]
    judged = figures.judge(card, lines)
    return ScorecardOut(
        id=card.id,
        cycle=card.cycle,
        org_unit=card.org_unit,
        person=card.person,
        items=[
            ItemOut(
                kind=line.item.kind,
                id=None if line.withheld else line.item.id,
                name_ko=line.name_ko,
                name_en=line.name_en,
                weight=line.item.weight,
                policy=None if line.withheld else line.policy,
                raw=line.raw,
                score=line.score,
                points=line.points,
                pending=line.pending,
                withheld=line.withheld,
                totals=_totals(line.totals),
            )
            for line in lines
        ],
        score=judged.score,
        pending=tuple(line.item.id for line in lines if line.pending),
        policy=judged.policy,
        band=judged.band,
        payout_table=judged.payout_table,
        grade=judged.grade,
        pay_factor=judged.pay_factor,
        revision=revision,
    )


def _totals(totals: Totals | None) -> TotalsOut | None:
    posts = None if totals is None else totals.posts
    if totals is None or posts is None or posts.target is None:
        return None
    return TotalsOut(
        periods=totals.periods,
        value=written(totals.value),
        target=posts.target,
        upper=posts.upper,
        baseline=posts.baseline,
        tolerance=posts.tolerance,
    )
