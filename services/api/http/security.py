"""Who calls: the bearer token of a person or a feed, and what its role allows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, cast

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.access.callers import Caller
from services.access.roles import Permission
from services.api.http.problems import Problem

_bearer = HTTPBearer(auto_error=False, scheme_name="token", description="Token of a person or a feed.")


async def authenticated(
    request: Request, _told: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Caller:
    """Return the caller behind the bearer token, whom the gate has let in. Naming it here documents it."""
    return cast("Caller", request.state.caller)


Authenticated = Annotated[Caller, Depends(authenticated)]


def allowed(permission: Permission) -> Callable[[Caller], Awaitable[Caller]]:
    """Return a dependency: the caller, if the role has the permission; else 403."""

    async def check(caller: Authenticated) -> Caller:
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
