"""Events of a cycle (사이클). Its id is the aggregate's."""

from datetime import date
from typing import Literal

from events.kpis.definition import Cadence
from events.policies.rules import Framework, PolicyVersions
from events.registry import Backdatable, EventData, event

CycleKind = Literal["month", "quarter", "half_year", "year", "other"]


@event(
    "cycle.planned",
    ko="{actor} 사이클 ‘{name}’을(를) 계획했습니다({start} ~ {end}).",
    en="{actor} planned the cycle “{name}” ({start} to {end}).",
)
class CyclePlanned(EventData):
    """A dated period that goals can belong to was set; `start` and `end` are its first and last day."""

    name: str
    start: date
    end: date
    kind: CycleKind
    check_ins: Cadence = "week"
    """How often people check in on its key results."""


@event(
    "cycle.opened",
    ko="{actor} 사이클 {id} 운영을 시작했습니다.",
    en="{actor} opened the cycle {id}.",
)
class CycleOpened(Backdatable):
    """Work on the goals of the cycle began, under these versions of the policies."""

    policies: PolicyVersions = PolicyVersions()


@event(
    "cycle.policy_adopted",
    ko="{actor} 사이클 {id}에 {framework} 산정 기준 {new}판을 적용했습니다(이전: {old}판).",
    en="{actor} adopted version {new} of the policy {framework} for the cycle {id} (before: version {old}).",
)
class CyclePolicyAdopted(Backdatable):
    """The goals of an open cycle are judged by another version. The reason is in the envelope."""

    framework: Framework
    old: int
    new: int


@event(
    "cycle.closed",
    ko="{actor} 사이클 {id} 마감을 마쳤습니다.",
    en="{actor} closed the cycle {id}.",
)
class CycleClosed(EventData):
    """The cycle is over (마감): its goals change no more."""


@event(
    "cycle.reopened",
    ko="{actor} 사이클 {id} 마감을 취소했습니다.",
    en="{actor} reopened the cycle {id}.",
)
class CycleReopened(EventData):
    """A closed cycle is open again (마감 취소). The reason is in the envelope."""
