"""The rules of setting a policy."""

from events.context import Context
from events.envelope import Event
from events.errors import Refused
from events.policies.commands import SetPolicy
from events.policies.defaults import DEFAULTS
from events.policies.events import PolicySet
from events.policies.rules import Framework, Rules
from events.policies.state import Policy
from events.registry import EventData
from events.state import OutOfPlace, existing

MOST_VERSIONS = 500
"""Of one policy: a snapshot holds all of them."""


def decide(command: SetPolicy, state: Policy | None, context: Context) -> list[EventData]:
    """Return the events that follow from a command, or refuse it.

    The rules that hold already make no event.
    """
    context.check_reason()
    _check(command.framework, command.rules)
    policy = state or Policy(id=command.framework)
    if command.rules == policy.rules(policy.version):
        return []
    context.require_reason()
    if policy.version >= MOST_VERSIONS:
        raise Refused(
            "too_many_policy_versions",
            f"a policy has at most {MOST_VERSIONS} versions",
            f"산정 기준은 최대 {MOST_VERSIONS}판까지 둘 수 있습니다",
        )
    return [PolicySet(version=policy.version + 1, rules=command.rules)]


def _check(framework: Framework, rules: Rules) -> None:
    """Refuse what is no rule of this framework."""
    if (framework == "okr") != (rules.stretch is not None):
        raise Refused(
            "stretch_is_for_okr",
            "the OKR policy has a yardstick for stretch objectives, and no other policy has one",
            "도전 목표의 기준(stretch)은 OKR 산정 기준에만, 그리고 반드시 필요합니다",
            kind="invalid",
            pointer="/rules/stretch",
        )
    if framework == "okr" and rules.shown_cap != 1:
        raise Refused(
            "okr_shown_to_one",
            "scores of OKRs are shown from 0 to 1: shown_cap is 1",
            "OKR 점수는 0에서 1까지 보여 주므로 shown_cap은 1입니다",
            kind="invalid",
            pointer="/rules/shown_cap",
        )
    if framework == "okr" and rules.reward_link == "linked":
        raise Refused(
            "okr_reward_linked",
            "pay that hangs on an OKR makes people set goals they are sure to reach; a partial link"
            " (allowed) is the most there is",
            "OKR을 보상에 연계하면 반드시 달성할 쉬운 목표만 세우게 됩니다. 일부 연계(allowed)까지만 됩니다",
            kind="invalid",
            pointer="/rules/reward_link",
        )


def evolve(state: Policy | None, event: Event) -> Policy:
    """Return the state after an event. Raises OutOfPlace."""
    match event.data:
        case PolicySet(version=version, rules=rules):
            framework = event.aggregate.id
            if framework not in DEFAULTS:
                raise OutOfPlace(f"there is no framework {framework}")
            before = state or Policy(id=framework)
            if version != before.version + 1:
                raise OutOfPlace(f"version {version} comes after version {before.version}")
            day = event.business_day or event.time.date()
            return Policy(id=framework, versions=(*before.versions, rules), since=(*before.since, day))
        case _:
            return existing(state, event)
