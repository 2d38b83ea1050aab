"""Events of an initiative (실행과제). Its id is the aggregate's.

The steps say its title and its goals again: that is how they are found, and read, in the story of a goal.
"""

from events.initiatives.plan import InitiativePlan
from events.registry import EventData, event


@event(
    "initiative.planned",
    ko="{actor} 실행과제 ‘{title}’을(를) 계획했습니다(기한 {due}).",
    en="{actor} planned the initiative “{title}” (due {due}).",
)
class InitiativePlanned(InitiativePlan, EventData):
    """Work is to be done to move a goal."""


@event(
    "initiative.replanned",
    ko="{actor} 실행과제 ‘{old.title}’의 계획을 바꿨습니다.",
    en="{actor} changed the plan of the initiative “{old.title}”.",
)
class InitiativeReplanned(EventData):
    """Title, unit, owner, due date or goals are others. The reason is in the envelope."""

    old: InitiativePlan
    new: InitiativePlan


class InitiativeStep(EventData):
    """What every step of an initiative says."""

    title: str
    supports: tuple[str, ...] = ()


@event(
    "initiative.started",
    ko="{actor} 실행과제 ‘{title}’을(를) 시작했습니다.",
    en="{actor} started the initiative “{title}”.",
)
class InitiativeStarted(InitiativeStep):
    """The work has begun."""


@event(
    "initiative.finished",
    ko="{actor} 실행과제 ‘{title}’을(를) 완료했습니다.",
    en="{actor} finished the initiative “{title}”.",
)
class InitiativeFinished(InitiativeStep):
    """The work is done. Whether it moved the key result, only the key result says."""


@event(
    "initiative.dropped",
    ko="{actor} 실행과제 ‘{title}’ 추진을 중단했습니다.",
    en="{actor} dropped the initiative “{title}”.",
)
class InitiativeDropped(InitiativeStep):
    """The work is not done, or not to its end. The reason is in the envelope."""


@event(
    "initiative.reopened",
    ko="{actor} 실행과제 ‘{title}’을(를) 다시 열었습니다.",
    en="{actor} reopened the initiative “{title}”.",
)
class InitiativeReopened(InitiativeStep):
    """Done or dropped work goes on: as planned, or as begun if it was. The reason is in the envelope."""
