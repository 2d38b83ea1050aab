"""Feeds (연동): sources of readings, and what is declared about them."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from pydantic import ConfigDict

from events.feeds.commands import ChangeFeed, RegisterFeed
from events.feeds.state import Feed
from events.ids import Aggregate, Slug
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import IfMatch, find
from services.api.http.openapi_responses import CHANGE, CREATE, READ
from services.api.http.paging import Page, Paged, list_kind
from services.api.http.read_parameters import Known, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import FeedEditor, Reader

router = subject_router("/v1/feeds", "readings")

FeedId = Annotated[Slug, Path(examples=["erp"])]


class NewFeed(RegisterFeed):
    """A feed to register."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"id": "erp", "name": "ERP", "zone": "Asia/Seoul", "revisions": "in_order"}]
        }
    )

    id: Slug
    reason: Reason | None = None


class FeedPatch(ChangeFeed):
    """Parts of the declaration that are to be another; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"kpis": ["acv", "revenue"]}]})

    reason: Reason | None = None


class FeedOut(Feed):
    """A feed and its revision."""

    revision: int


class FeedRead(FeedOut, Known):
    """One feed, now or as it was known then."""


@router.post("", status_code=201, summary="Register a feed", responses=CREATE)
async def register(caller: FeedEditor, writing: Writing, body: NewFeed) -> Receipt:
    """Declare a source: how its times are read, how it sends revisions, which KPIs it may feed."""
    return await writing.create(caller, "feed", RegisterFeed, body, router.prefix)


@router.get("", summary="List feeds", responses=READ)
async def list_feeds(caller: Reader, viewing: Viewing, paged: Paged, known_at: KnownAt) -> Page[FeedOut]:
    """All feeds, by id."""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        return await list_kind(context, "feed", FeedOut, paged)


@router.get("/{feed}", summary="Read a feed", responses=READ)
async def read(
    caller: Reader, viewing: Viewing, response: Response, feed: FeedId, known_at: KnownAt
) -> FeedRead:
    """One feed."""
    async with viewing.context(caller, None, known_at) as context:
        found = await find(context, "feed", feed, response)
        return FeedRead(**dict(found.state), revision=found.revision, **context.known)


@router.patch("/{feed}", summary="Change a feed", responses=CHANGE)
async def change(
    caller: FeedEditor, writing: Writing, feed: FeedId, if_match: IfMatch, body: FeedPatch
) -> Receipt:
    """Change what is declared; readings on record stay as they are."""
    return await writing.execute(
        caller, Aggregate("feed", feed), as_command(body, ChangeFeed), body=body, if_match=if_match
    )
