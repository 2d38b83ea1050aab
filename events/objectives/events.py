"""Events of an objective (목표). Its id is the aggregate's; key results have events of their own."""

from datetime import date
from typing import Literal

from events.decimals import Number
from events.registry import Backdatable, EventData, event
from events.rewards import Reward

DIRECT_TITLE = "직속 핵심 결과 / Direct key results"
"""What stands for a title where key results hang directly on a unit: nobody worded an objective."""

Framework = Literal["okr", "mbo"]
"""An OKR's objective, or a goal that its two parties agree on (MBO). KPIs are the third framework."""
Ambition = Literal["stretch", "committed"]
"""도전, 필달."""


@event(
    "objective.drafted",
    ko="{actor} 사이클 {cycle}에 목표 ‘{title}’ 초안을 만들었습니다.",
    en="{actor} drafted the objective “{title}” for the cycle {cycle}.",
)
class ObjectiveDrafted(EventData):
    """An objective was written down for a cycle; until it is active it may change without a reason."""

    title: str
    cycle: str
    org_unit: str | None = None
    owner: str | None = None
    """A person's id."""
    ambition: Ambition
    supports: tuple[str, ...] = ()
    """Ids of the objectives and key results it helps to reach."""
    takes_over: str | None = None
    """The key result of another objective that this one makes its own; it is among those it supports."""
    direct: bool = False
    """It only holds the key results that hang directly on its unit."""
    framework: Framework = "okr"
    reviewer: str | None = None
    """Of an MBO goal: the person who agrees on it with its owner."""
    reward: Reward | None = None


@event(
    "objective.reworded",
    ko="{actor} 목표 문구를 바꿨습니다: ‘{old}’ → ‘{new}’.",
    en="{actor} reworded the objective “{old}” to “{new}”.",
)
class ObjectiveReworded(EventData):
    """An objective says something else."""

    old: str
    new: str


@event(
    "objective.proposed",
    ko="{actor} 목표 {id} 초안을 제안했습니다.",
    en="{actor} proposed the objective {id}.",
)
class ObjectiveProposed(EventData):
    """A draft was put forward for agreement; it changes no more until it is sent back."""


@event(
    "objective.agreed",
    ko="{actor} 제안된 목표 {id} 내용에 합의했습니다.",
    en="{actor} agreed to the objective {id}.",
)
class ObjectiveAgreed(EventData):
    """Somebody said yes to a proposed objective."""


@event(
    "objective.sent_back",
    ko="{actor} 목표 {id} 초안을 돌려보냈습니다.",
    en="{actor} sent the objective {id} back.",
)
class ObjectiveSentBack(EventData):
    """A proposed or agreed objective is a draft again. The reason is in the envelope."""


@event(
    "objective.activated",
    ko="{actor} 목표 {id} 실행을 시작했습니다.",
    en="{actor} activated the objective {id}.",
)
class ObjectiveActivated(EventData):
    """Work on an objective began: from now on every change needs a reason."""


@event(
    "objective.owner_changed",
    ko="{actor} 목표 {id} 담당자를 바꿨습니다: {old} → {new}.",
    en="{actor} changed the owner of the objective {id} from {old} to {new}.",
)
class ObjectiveOwnerChanged(EventData):
    """Another person answers for an objective, or nobody."""

    old: str | None = None
    new: str | None = None


@event(
    "objective.org_unit_changed",
    ko="{actor} 목표 {id} 조직을 바꿨습니다: {old} → {new}.",
    en="{actor} changed the org unit of the objective {id} from {old} to {new}.",
)
class ObjectiveOrgUnitChanged(EventData):
    """An objective belongs to another unit, or to none."""

    old: str | None = None
    new: str | None = None


@event(
    "objective.cycle_changed",
    ko="{actor} 목표 {id} 사이클을 바꿨습니다: {old} → {new}.",
    en="{actor} moved the objective {id} from the cycle {old} to {new}.",
)
class ObjectiveCycleChanged(Backdatable):
    """An objective belongs to another cycle from this business day on; its key results keep their history.

    It is backdated where the new cycle is over, which gets a final figure that it did not have.
    """

    old: str
    new: str
    starts: date
    """The first day of the new cycle: the target of a draft holds from it."""


@event(
    "objective.supports_changed",
    ko="{actor} 목표 {id} 기여 대상을 바꿨습니다: {old} → {new}.",
    en="{actor} changed what the objective {id} supports from {old} to {new}.",
)
class ObjectiveSupportsChanged(EventData):
    """An objective helps to reach other objectives and key results than before."""

    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()


@event(
    "objective.reviewer_changed",
    ko="{actor} 목표 {id} 합의 상대를 바꿨습니다: {old} → {new}.",
    en="{actor} changed the reviewer of the objective {id} from {old} to {new}.",
)
class ObjectiveReviewerChanged(EventData):
    """Another person is the other party of an MBO goal, or nobody yet."""

    old: str | None = None
    new: str | None = None


@event(
    "objective.reward_changed",
    ko="{actor} 목표 {id} 보상 연계를 바꿨습니다.",
    en="{actor} changed the link of the objective {id} to pay.",
)
class ObjectiveRewardChanged(EventData):
    """Another reward is linked to an objective than before, or none."""

    old: Reward | None = None
    new: Reward | None = None


@event(
    "objective.dropped",
    ko="{actor} 목표 {id} 추진을 중단했습니다.",
    en="{actor} dropped the objective {id}.",
)
class ObjectiveDropped(Backdatable):
    """An objective is pursued no longer; its history stays. The reason is in the envelope."""


@event(
    "objective.graded",
    ko="{actor} 목표 {id} 자기 평가를 남겼습니다: {grade}.",
    en="{actor} graded the objective {id}: {grade}.",
    personal=("reflection",),
)
class ObjectiveGraded(EventData):
    """How well it went in the words of its people. The grade (0 to 1) stands beside the computed score."""

    grade: Number
    reflection: str | None = None
    """What was learnt."""


@event(
    "objective.closed",
    ko="{actor} 목표 {id} 마감을 마쳤습니다.",
    en="{actor} closed the objective {id}.",
    personal=("comment",),
)
class ObjectiveClosed(EventData):
    """An objective has ended: nothing of it changes unless it is reopened."""

    comment: str | None = None


@event(
    "objective.reopened",
    ko="{actor} 목표 {id} 추진을 다시 시작했습니다.",
    en="{actor} reopened the objective {id}.",
)
class ObjectiveReopened(Backdatable):
    """A dropped or closed objective goes on, in a new edition. The reason is in the envelope."""
