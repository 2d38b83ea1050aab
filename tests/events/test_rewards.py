"""What may be linked to pay follows from the policy, and a refusal names it."""

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from events.cycles.state import Cycle
from events.kpis.commands import DefineKpi, RedefineKpi
from events.kpis.events import KpiDefined
from events.objectives.commands import ChangeReward, DraftObjective
from events.objectives.events import ObjectiveDrafted, ObjectiveRewardChanged
from events.policies.defaults import DEFAULTS
from events.policies.rules import Framework, PolicyVersions, RewardLink
from events.policies.state import Policies, Policy
from events.rewards import Reward
from tests.events.given import QUARTER, given

BONUS = Reward(share=Decimal(30), note="성과급")


def policies(framework: Framework, link: RewardLink) -> Policies:
    """Version 1 of a framework's policy says this of rewards."""
    rules = DEFAULTS[framework].model_copy(update={"reward_link": link})
    return Policies([Policy(id=framework, versions=(rules,))])


def pinning(**versions: int) -> Cycle:
    """An open cycle that pins these versions."""
    return QUARTER.model_copy(update={"policies": PolicyVersions(**versions)})


@pytest.mark.parametrize(
    ("framework", "link", "pins", "allowed"),
    [
        ("okr", None, {}, False),
        ("okr", "allowed", {"okr": 1}, True),
        ("okr", "allowed", {}, False),
        ("mbo", None, {}, True),
        ("mbo", "refused", {"mbo": 1}, False),
        ("mbo", "refused", {}, True),
    ],
)
def test_a_goal_is_linked_to_pay_as_the_policy_says_that_its_cycle_pins(
    framework: Framework, link: RewardLink | None, pins: dict[str, int], allowed: bool
) -> None:
    known = Policies() if link is None else policies(framework, link)
    facts: dict[str, Any] = {"policies": known, "cycle": pinning(**pins)}
    said = {"title": "x", "cycle": "2025-q1", "framework": framework, "reward": BONUS}
    drafted = given("objective").when(DraftObjective.model_validate(said), **facts)
    goal = ObjectiveDrafted.model_validate(
        {"title": "x", "cycle": "2025-q1", "ambition": "committed", "framework": framework}
    )
    changed = given("objective", goal).when(ChangeReward(reward=BONUS), **facts)
    if allowed:
        assert drafted.refusal is None
        assert changed.then(ObjectiveRewardChanged(new=BONUS)).reward == BONUS
    else:
        drafted.refused("reward_refused", "invalid", "/reward")
        refusal = changed.refused("reward_refused", "invalid", "/reward")
        version = pins.get(framework, 0)
        assert f"{framework.upper()} policy (version {version})" in refusal.text.en
        assert f"{framework.upper()} 산정 기준(버전 {version})" in refusal.text.ko


@pytest.mark.parametrize("framework", ["okr", "mbo"])
def test_a_goal_without_a_reward_asks_no_policy(framework: Framework) -> None:
    """What the cycle pins need not be known."""
    said = {"title": "x", "cycle": "2025-q1", "framework": framework}
    drafted = given("objective").when(DraftObjective.model_validate(said), cycle=pinning(okr=3, mbo=2))
    assert drafted.refusal is None


def test_a_reward_that_is_there_can_always_be_taken_away() -> None:
    goal = ObjectiveDrafted(title="x", cycle="2025-q1", ambition="stretch", reward=BONUS)
    outcome = given("objective", goal).when(ChangeReward(reward=None))
    assert outcome.then(ObjectiveRewardChanged(old=BONUS)).reward is None


def test_a_kpi_may_be_linked_to_pay_unless_the_newest_policy_refuses_it() -> None:
    said = {"name_ko": "매출", "unit": "KRW", "kind": "delta", "aggregation": "sum", "reward": BONUS}
    define = DefineKpi.model_validate(said)
    assert given("kpi").when(define).refusal is None
    given("kpi").when(define, policies=policies("kpi", "refused")).refused(
        "reward_refused", "invalid", "/reward"
    )
    plain = said | {"name_en": "Sales", "cadence": "month", "empty": "missing", "reward": None}
    defined = given("kpi", KpiDefined.model_validate(plain))
    redefine = RedefineKpi(reward=BONUS)
    defined.when(redefine, reason="x", policies=policies("kpi", "refused")).refused(
        "reward_refused", "invalid"
    )
    assert defined.when(redefine, reason="x").refusal is None


@pytest.mark.parametrize("share", ["0", "-1", "100.1", "NaN"])
def test_a_share_is_a_part_of_the_whole(share: str) -> None:
    with pytest.raises(ValidationError):
        Reward.model_validate({"share": share})
