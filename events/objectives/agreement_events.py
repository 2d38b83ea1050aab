"""Events of changes of an MBO goal that wait for the agreement of its parties."""

from events.pending_changes import PendingChange
from events.registry import EventData, event


@event(
    "objective.change_proposed",
    ko="{actor} 합의한 목표 {id} 변경을 제안했습니다. 합의할 때까지는 이전 내용이 유효합니다.",
    en="{actor} proposed to change the agreed goal {id}; until that is agreed, what was agreed holds.",
)
class ObjectiveChangeProposed(EventData):
    """Terms of an active goal are to change: of an MBO goal any, of others what moves the goalposts.

    Nothing has changed yet. The reason is in the envelope.
    """

    changes: tuple[PendingChange, ...]


@event(
    "objective.change_agreed",
    ko="{actor} 목표 {id} 변경에 합의했습니다.",
    en="{actor} agreed to the change of the goal {id}.",
)
class ObjectiveChangeAgreed(EventData):
    """A party, or of an OKR somebody else than who asked, said yes to the changes that wait."""

    takes_effect: bool
    """Nobody else has to say yes: the changes follow as events of their own."""


@event(
    "objective.change_agreed_for",
    ko="{actor} 회사를 떠난 {person} 대신 목표 {id} 변경에 합의했습니다.",
    en="{actor} agreed to the change of the goal {id} in place of {person}, who left.",
)
class ObjectiveChangeAgreedFor(ObjectiveChangeAgreed):
    """Somebody of the line, or who runs the workspace, said yes for a party who left."""

    person: str
    """The party's id. If the actor is to be a party, it is a yes of their own as well."""


@event(
    "objective.change_sent_back",
    ko="{actor} 목표 {id} 변경 제안을 돌려보냈습니다.",
    en="{actor} sent the proposed change of the goal {id} back.",
)
class ObjectiveChangeSentBack(EventData):
    """The changes that waited will not be made. The reason is in the envelope."""
