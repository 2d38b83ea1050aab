"""The rules of a policy: what a version may say, and that every version stays."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import ValidationError

from events.policies.commands import SetPolicy
from events.policies.defaults import DEFAULTS
from events.policies.events import PolicySet
from events.policies.rules import Framework, PolicyVersions, Rules
from events.policies.state import Policy
from events.state import OutOfPlace
from tests.events.given import Given, given, state_after

OKR, KPI, MBO = DEFAULTS["okr"], DEFAULTS["kpi"], DEFAULTS["mbo"]
APPROVED = OKR.model_copy(update={"approve_target_changes": True})


def policy(framework: Framework, *versions: Rules) -> Given:
    """A policy after some versions were set."""
    history = [PolicySet(version=n, rules=rules) for n, rules in enumerate(versions, 1)]
    return given("policy", *history, id_=framework)


def test_versions_follow_each_other_and_all_of_them_stay() -> None:
    first = policy("okr").when(SetPolicy(framework="okr", rules=APPROVED), reason="분기 합의")
    assert first.then(PolicySet(version=1, rules=APPROVED)).version == 1
    second = policy("okr", APPROVED).when(SetPolicy(framework="okr", rules=OKR), reason="되돌림")
    state: Policy = second.then(PolicySet(version=2, rules=OKR))
    assert [state.rules(n) for n in range(3)] == [OKR, APPROVED, OKR]


def test_setting_what_holds_already_makes_no_event() -> None:
    policy("okr").when(SetPolicy(framework="okr", rules=OKR)).then()
    policy("kpi", KPI).when(SetPolicy(framework="kpi", rules=KPI)).then()


def test_a_new_version_needs_a_reason() -> None:
    outcome = policy("okr").when(SetPolicy(framework="okr", rules=APPROVED), reason=" ")
    outcome.refused("reason_required", "invalid", "/reason")


@pytest.mark.parametrize(
    ("framework", "rules", "code", "pointer"),
    [
        ("okr", OKR.model_copy(update={"stretch": None}), "stretch_is_for_okr", "/rules/stretch"),
        ("kpi", KPI.model_copy(update={"stretch": KPI.usual}), "stretch_is_for_okr", "/rules/stretch"),
        ("mbo", OKR, "stretch_is_for_okr", "/rules/stretch"),
        ("okr", OKR.model_copy(update={"reward_link": "linked"}), "okr_reward_linked", "/rules/reward_link"),
        ("okr", OKR.model_copy(update={"shown_cap": Decimal("1.2")}), "okr_shown_to_one", "/rules/shown_cap"),
    ],
)
def test_rules_of_another_framework_are_refused(
    framework: Framework, rules: Rules, code: str, pointer: str
) -> None:
    outcome = policy(framework).when(SetPolicy(framework=framework, rules=rules), reason="x")
    outcome.refused(code, "invalid", pointer)


def test_okr_may_have_a_partial_reward_link() -> None:
    rules = OKR.model_copy(update={"reward_link": "allowed"})
    set_ = policy("okr").when(SetPolicy(framework="okr", rules=rules), reason="일부 연계")
    set_.then(PolicySet(version=1, rules=rules))


def _bands(*edges: str | None) -> list[dict[str, Any]]:
    return [
        {"code": f"b{n}", "name_ko": "구간", "name_en": "band", "at_least": edge}
        for n, edge in enumerate(edges)
    ]


def _grades(*edges: str | None) -> list[dict[str, Any]]:
    return [{"grade": f"g{n}", "at_least": edge, "pay_factor": "1"} for n, edge in enumerate(edges)]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"usual": {"expected_end": "1", "bands": _bands("0.1", "0.5")}}, "lowest_step_open"),
        ({"usual": {"expected_end": "1", "bands": _bands(None, None)}}, "lowest_step_open"),
        ({"usual": {"expected_end": "1", "bands": _bands(None, "0.5", "0.5")}}, "steps_not_rising"),
        ({"usual": {"expected_end": "1", "bands": _bands(None, "0.7", "0.5")}}, "steps_not_rising"),
        ({"usual": {"expected_end": "1", "bands": [*_bands(None), *_bands("0.5")]}}, "band_code_twice"),
        ({"usual": {"expected_end": "1", "bands": []}}, "too_short"),
        ({"usual": {"expected_end": "0", "bands": _bands(None)}}, "greater_than"),
        ({"payout": _grades("0.5")}, "lowest_step_open"),
        ({"payout": _grades(None, "0.9", "0.8")}, "steps_not_rising"),
        ({"payout": _grades(None), "reward_link": "refused"}, "payout_without_reward"),
        ({"payout": [{"grade": "A", "pay_factor": "-1"}]}, "greater_than_equal"),
        ({"shown_cap": "0.9"}, "greater_than_equal"),
        ({"stale_after": "0.5"}, "greater_than_equal"),
        ({"bonus": "1000000"}, "extra_forbidden"),
    ],
)
def test_rules_that_do_not_hang_together_are_no_rules(change: dict[str, Any], code: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Rules.model_validate(KPI.model_dump() | change)
    assert caught.value.errors()[0]["type"] == code


def test_one_band_may_cover_everything() -> None:
    Rules.model_validate(KPI.model_dump() | {"usual": {"expected_end": "1", "bands": _bands(None)}})


@pytest.mark.parametrize(("id_", "version"), [("scrum", 1), ("okr", 2)])
def test_a_policy_is_one_of_the_three_and_skips_no_version(id_: str, version: int) -> None:
    with pytest.raises(OutOfPlace):
        state_after("policy", PolicySet(version=version, rules=OKR), id_=id_)


def test_pinned_versions_are_told_apart_by_framework() -> None:
    pins = PolicyVersions(okr=3, mbo=1)
    assert [pins.of(framework) for framework in DEFAULTS] == [3, 0, 1]
