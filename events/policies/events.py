"""Events of a policy (산정 기준). Its id is the aggregate's: the framework's name."""

from events.policies.rules import Rules
from events.registry import EventData, event


@event(
    "policy.set",
    ko="{actor} 산정 기준 {id} {version}판을 정했습니다.",
    en="{actor} set version {version} of the policy {id}.",
)
class PolicySet(EventData):
    """The rules of a framework got another version. Cycles keep theirs. The reason is in the envelope."""

    version: int
    """1, 2, 3…: how many there are by now. Version 0 is built in."""
    rules: Rules
