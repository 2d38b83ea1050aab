"""Who calls: the bearer token of a person or a feed, and what its role allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Request

from services.access.callers import Caller
from services.access.roles import Permission
from services.api.http.problems import Problem


async def authenticated(request: Request) -> Caller:
    """Return the caller behind the bearer token, whom the gate has let in."""
    return cast("Caller", request.state.caller)


Authenticated = Annotated[Caller, Depends(authenticated)]


def allowed(permission: Permission) -> Callable[[Request], Awaitable[Caller]]:
    """Return a dependency: the caller, if the role has the permission; else 403."""

    async def check(request: Request) -> Caller:
        caller = await authenticated(request)
        if not caller.may(permission):
            raise Problem(
                403,
                "role_not_allowed",
                f"The role {caller.role} does not allow this ({permission.value}).",
                f"{caller.role} 역할로는 할 수 없습니다({permission.value}).",
            )
        return caller

    return check


Reader = Annotated[Caller, Depends(allowed(Permission.READ))]
TrailReader = Annotated[Caller, Depends(allowed(Permission.READ_TRAIL))]
Talker = Annotated[Caller, Depends(allowed(Permission.TALK))]
GoalEditor = Annotated[Caller, Depends(allowed(Permission.CHANGE_GOALS))]
ScorecardEditor = Annotated[Caller, Depends(allowed(Permission.CHANGE_SCORECARDS))]
StructureEditor = Annotated[Caller, Depends(allowed(Permission.CHANGE_STRUCTURE))]
CycleEditor = Annotated[Caller, Depends(allowed(Permission.CHANGE_CYCLES))]
PolicyEditor = Annotated[Caller, Depends(allowed(Permission.CHANGE_POLICIES))]
FeedEditor = Annotated[Caller, Depends(allowed(Permission.CHANGE_FEEDS))]
ReadingSender = Annotated[Caller, Depends(allowed(Permission.SEND_READINGS))]
ReadingCorrector = Annotated[Caller, Depends(allowed(Permission.CORRECT_READINGS))]
Administrator = Annotated[Caller, Depends(allowed(Permission.ADMINISTER))]
