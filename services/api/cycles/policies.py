"""Policies (산정 기준): the rules of each framework in all their versions; setting the next one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Response
from pydantic import BaseModel, ConfigDict, Field

from events.commands import Command
from events.ids import Aggregate
from events.policies.commands import SetPolicy
from events.policies.defaults import DEFAULTS
from events.policies.events import PolicySet
from events.policies.rules import FRAMEWORKS, Framework, Rules
from events.policies.state import Policy
from events.text import Language
from projections.audit import queries as audit
from projections.audit.references import reference
from projections.state import queries
from services.access.callers import Caller
from services.api.http.command_execution import Reason, Receipt, Writing, as_command
from services.api.http.conditional import OptionalIfMatch, etag
from services.api.http.language import Lang
from services.api.http.openapi_responses import READ, STEP
from services.api.http.paging import Page, PagedByNumber, page_from
from services.api.http.read_parameters import Known, KnownAt, Viewing
from services.api.http.routes import subject_router
from services.api.http.security import PolicyEditor, Reader
from services.api.http.services import Services, Serving
from services.postgres.views import View
from services.queries.read_context import ReadContext

router = subject_router("/v1/policies", "policies")

FrameworkId = Annotated[Framework, Path(examples=["okr"])]

EXAMPLE: dict[str, Any] = DEFAULTS["okr"].model_dump(mode="json") | {"approve_target_changes": True}


class NewPolicy(Command):
    """The whole rules that are to hold next."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rules": EXAMPLE, "reason": "목표치 변경에 승인을 받기로 했습니다"}]}
    )

    rules: Rules
    reason: Reason | None = Field(None, description="Needed for every change.")


class PolicyOut(BaseModel):
    """The rules that a framework has now."""

    framework: Framework
    version: int = Field(description="0: the built-in rules.")
    rules: Rules
    revision: int = Field(description="For If-Match; 0 while only the built-in rules are there.")


class PolicyVersionOut(BaseModel):
    """One version of a policy: what it says, who set it, when and why. Nobody set version 0."""

    version: int
    rules: Rules
    position: int | None
    recorded_at: datetime | None
    event_id: UUID | None
    actor: str | None
    reason: str | None


class PolicyRead(PolicyOut, Known):
    """A policy with all its versions, the built-in one first."""

    versions: list[PolicyVersionOut]


@router.get("", summary="List policies", responses=READ)
async def list_policies(
    caller: Reader, viewing: Viewing, paged: PagedByNumber, known_at: KnownAt
) -> Page[PolicyOut]:
    """The rules of each framework."""
    async with viewing.context(caller, None, known_at, cursor=paged.cursor) as context:
        found = [await _find(context, framework) for framework in FRAMEWORKS]
        return page_from([_newest(*each) for each in found], paged, context.next_page)


@router.get("/{framework}", summary="Read a policy in all its versions", responses=READ)
async def read(
    services: Serving,
    caller: Reader,
    viewing: Viewing,
    response: Response,
    language: Lang,
    framework: FrameworkId,
    known_at: KnownAt,
) -> PolicyRead:
    """One policy, now or as it was known then."""
    async with viewing.context(caller, None, known_at) as context:
        policy, revision = await _find(context, framework)
    response.headers["ETag"] = etag(revision, context.view.epoch)
    built_in = PolicyVersionOut(
        version=0,
        rules=policy.rules(0),
        position=None,
        recorded_at=None,
        event_id=None,
        actor=None,
        reason=None,
    )
    set_ = []
    if policy.version:
        async with viewing.trail(caller, context.position) as trail:
            set_ = await _set_versions(services, caller, trail, language, policy, context.position)
    newest = _newest(policy, revision)
    return PolicyRead(**dict(newest), versions=[built_in, *set_], **context.known)


@router.post("/{framework}", status_code=201, summary="Set a policy", responses=STEP)
async def set_policy(
    caller: PolicyEditor,
    writing: Writing,
    framework: FrameworkId,
    if_match: OptionalIfMatch,
    body: NewPolicy,
) -> Receipt:
    """Set the whole rules as the next version; that takes a reason. Cycles keep the version they have."""
    return await writing.execute(
        caller,
        Aggregate("policy", framework),
        as_command(body, SetPolicy, framework=framework),
        body=body,
        if_match=if_match,
        location=f"{router.prefix}/{framework}",
    )


async def _find(context: ReadContext, framework: Framework) -> tuple[Policy, int]:
    """Return a policy and its revision; one that nobody set holds the built-in rules."""
    found = await queries.latest(context.connection, "policy", framework, context.position)
    if found is None:
        return Policy(id=framework), 0
    assert isinstance(found.state, Policy)
    return found.state, found.revision


def _newest(policy: Policy, revision: int) -> PolicyOut:
    rules = policy.rules(policy.version)
    return PolicyOut(framework=policy.id, version=policy.version, rules=rules, revision=revision)


async def _set_versions(
    services: Services, caller: Caller, trail: View, language: Language, policy: Policy, known: int
) -> list[PolicyVersionOut]:
    """Return the versions that people set, with what the audit trail says about each."""
    entries = await audit.trail_of(
        trail.connection,
        caller.workspace,
        [reference("policy", policy.id)],
        known=known,
        name="policy.set",
        limit=policy.version,
    )
    versions = []
    for entry in entries:
        assert isinstance(entry.event.data, PolicySet)
        reason = entry.event.reason
        versions.append(
            PolicyVersionOut(
                version=entry.event.data.version,
                rules=entry.event.data.rules,
                position=entry.position,
                recorded_at=entry.recorded_at,
                event_id=entry.event.id,
                actor=entry.event.actor,
                reason=reason and await services.keys.open_text(caller.workspace, reason, language),
            )
        )
    return versions
