"""How the routes of a subject are declared: what all of them have in common."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fastapi import APIRouter, Depends
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from services.api.http.exact_json import ExactRoute
from services.api.http.query_parameters import plain_parameters

_PUBLISHED_AS = {"milestone_steps": "key_result_steps", "unit_key_results": "direct_key_results"}
"""Modules that had another name when the ids of their operations were published."""


def operation_id(route: APIRoute) -> str:
    """Return the public id of an operation: its module and its function, as in `objectives_draft`."""
    module = route.endpoint.__module__.rpartition(".")[2]
    return f"{_PUBLISHED_AS.get(module, module)}_{route.name}"


def subject_router(prefix: str, tag: str) -> APIRouter:
    """Return a router for the paths below `prefix`, whose parameters are looked at."""
    return APIRouter(
        prefix=prefix,
        tags=[tag],
        route_class=ExactRoute,
        dependencies=[Depends(plain_parameters)],
        generate_unique_id_function=operation_id,
    )


class Section(BaseRoute):
    """The routes below one prefix. A request for another path passes all of them by with one comparison."""

    def __init__(self, prefix: str, routes: Sequence[BaseRoute]) -> None:
        self.prefix = prefix
        self.routes = routes

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Return how the best of the routes fits, and what it adds to the scope."""
        partial: tuple[Match, Scope] = Match.NONE, {}
        if not scope["path"].startswith(self.prefix):
            return partial
        for route in self.routes:
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                return match, child_scope
            if match is Match.PARTIAL and partial[0] is Match.NONE:
                partial = match, child_scope
        return partial

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that matched answer."""
        await scope["route"].handle(scope, receive, send)


def sections(routers: Sequence[APIRouter]) -> Iterator[Section]:
    """Return the routes of all routers by their prefixes, in the order in which those appear."""
    for prefix in dict.fromkeys(router.prefix for router in routers):
        yield Section(
            prefix, [route for router in routers if router.prefix == prefix for route in router.routes]
        )
