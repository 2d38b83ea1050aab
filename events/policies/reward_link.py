"""Whether a policy lets a goal or KPI be linked to pay."""

from events.context import Context
from events.errors import Refused
from events.policies.state import InForce
from events.rewards import Reward

NAMES = {"okr": "OKR", "kpi": "KPI", "mbo": "MBO"}


def check_reward(reward: Reward | None, policy: InForce) -> None:
    """Refuse a link to pay that the policy refuses, and say which one does and why."""
    if reward is None or policy.rules.reward_link != "refused":
        return
    name = NAMES[policy.framework]
    raise Refused(
        "reward_refused",
        f"the {name} policy (version {policy.version}) refuses a link to pay: who is paid by the score sets"
        " goals that are safe to reach; link pay to KPIs or MBO goals, or set a policy that allows it",
        f"{name} 산정 기준(버전 {policy.version})은 보상 연계를 허용하지 않습니다. 점수에 보상이 걸리면"
        " 달성하기 쉬운 목표를 세우게 됩니다. KPI나 MBO 목표에 연계하거나, 허용하는 산정 기준을 정하십시오",
        kind="invalid",
        pointer="/reward",
    )


def check_goal_reward(reward: Reward | None, framework: str, context: Context) -> None:
    """Refuse a reward of a goal that the policy pinned by its cycle does not allow."""
    if reward is None:
        return  # the policies are known only to commands that may be judged by them
    check_reward(reward, context.policies.pinned("mbo" if framework == "mbo" else "okr", context.cycle))
