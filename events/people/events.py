"""Events of a person (구성원). The id says nothing; who it is can be read only with their key."""

from datetime import date
from typing import Literal

from events.registry import EventData, event

MemberRole = Literal["lead", "member"]
"""조직장, 구성원."""


@event(
    "person.registered",
    ko="{actor} 구성원 {id}을(를) 등록했습니다.",
    en="{actor} registered the person {id}.",
    personal=("name", "mail"),
    sealed_for="subject",
)
class PersonRegistered(EventData):
    """Somebody is known. Without a name it is somebody of whom only the id was known."""

    name: str | None = None
    mail: str | None = None


@event(
    "person.renamed",
    ko="{actor} 구성원 {id} 이름을 바꿨습니다.",
    en="{actor} changed the name of the person {id}.",
    personal=("name",),
    sealed_for="subject",
)
class PersonRenamed(EventData):
    """A person has another name; the event before has the one of before."""

    name: str


@event(
    "person.mail_changed",
    ko="{actor} 구성원 {id} 메일 주소를 바꿨습니다.",
    en="{actor} changed the mail address of the person {id}.",
    personal=("mail",),
    sealed_for="subject",
)
class PersonMailChanged(EventData):
    """A person has another mail address, or none."""

    mail: str | None = None


@event(
    "person.joined_unit",
    ko="{actor} 구성원 {id}을(를) 조직 {org_unit} 소속으로 등록했습니다"
    "({role}, 시작일 {effective_from}[, 종료일 {until}]).",
    en="{actor} put the person {id} into the org unit {org_unit}"
    " ({role}; first day {effective_from}[, last day {until}]).",
    sealed_for="subject",
)
class PersonJoinedUnit(EventData):
    """A person belongs to a unit from a business day on, besides all others they belong to."""

    org_unit: str
    role: MemberRole
    effective_from: date
    until: date | None = None
    """The last day, if it is known."""


@event(
    "person.lead_requested",
    ko="{actor} 구성원 {id}을(를) 조직 {org_unit}의 조직장으로 하자고 요청했습니다"
    "(시작일 {effective_from}[, 종료일 {until}]).",
    en="{actor} asked for the person {id} to become the lead of the org unit {org_unit}"
    " (first day {effective_from}[, last day {until}]).",
    sealed_for="subject",
)
class PersonLeadRequested(EventData):
    """A second person has to say yes before somebody becomes the lead of a unit."""

    org_unit: str
    effective_from: date
    until: date | None = None


@event(
    "person.lead_approved",
    ko="{actor} 구성원 {id}을(를) 조직 {org_unit}의 조직장으로 하는 것을 승인했습니다.",
    en="{actor} approved that the person {id} becomes the lead of the org unit {org_unit}.",
    sealed_for="subject",
)
class PersonLeadApproved(EventData):
    """A second person said yes; that the person joins the unit as its lead follows."""

    org_unit: str


@event(
    "person.lead_refused",
    ko="{actor} 구성원 {id}을(를) 조직 {org_unit}의 조직장으로 하자는 요청을 받아들이지 않았습니다.",
    en="{actor} refused that the person {id} becomes the lead of the org unit {org_unit}.",
    sealed_for="subject",
)
class PersonLeadRefused(EventData):
    """Somebody does not become the lead of a unit; or who asked for it withdrew that."""

    org_unit: str


@event(
    "person.left_unit",
    ko="{actor} 구성원 {id}의 조직 {org_unit} 소속을 {until}까지로 끝냈습니다.",
    en="{actor} ended the membership of the person {id} in the org unit {org_unit} with {until}.",
    sealed_for="subject",
)
class PersonLeftUnit(EventData):
    """A membership ends with a day. The day before its first one takes it back: it never was."""

    org_unit: str
    effective_from: date
    """The first day of the membership that ends."""
    until: date
    """Its last day."""


@event(
    "person.forgotten",
    ko="{actor} 구성원 {id}의 개인 정보와 글을 영구히 지웠습니다.",
    en="{actor} erased what the person {id} wrote and who they are, for ever.",
    withdraws=True,
)
class PersonForgotten(EventData):
    """A person's key is destroyed: all that was sealed with it is unreadable for ever. The facts stay."""
