"""How scores are judged: by which version of which policy, and the band they lie in."""

from __future__ import annotations

from decimal import Decimal

from pydantic import BaseModel, Field

from events.ids import Aggregate
from events.objectives.state import Objective
from events.policies.rules import FRAMEWORKS, Framework
from events.policies.state import InForce, Policies, Policy
from projections.scoring.bands import band_of, yardstick
from projections.state import queries
from services.api.positions import Then


class PolicyRef(BaseModel):
    """The rules that a score is judged by."""

    framework: Framework
    version: int = Field(description="The one that the cycle pins; 0 is built in.")


class BandOut(BaseModel):
    """The band (등급 구간) of a score: how it is graded if it ends like this."""

    code: str
    name_ko: str
    name_en: str


async def load_policies(then: Then) -> Policies:
    """The policies as known at the read's position."""
    wanted = [Aggregate("policy", framework) for framework in FRAMEWORKS]
    found = await queries.latest_of(then.connection, wanted, then.position)
    return Policies(version.state for version in found.values() if isinstance(version.state, Policy))


def policy_ref(policy: InForce) -> PolicyRef:
    """A policy as scores name it."""
    return PolicyRef(framework=policy.framework, version=policy.version)


def band_out(score: Decimal | None, objective: Objective, policy: InForce) -> BandOut | None:
    """The band of a rounded score; none without a score."""
    if score is None:
        return None
    band = band_of(score, yardstick(policy.rules, objective.ambition).bands)
    return BandOut(code=band.code, name_ko=band.name_ko, name_en=band.name_en)
