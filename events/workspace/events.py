"""Events of a workspace (워크스페이스). Its id is the aggregate's."""

from datetime import date
from typing import Literal

from events.registry import EventData, event

DefaultLanguage = Literal["ko", "en"]


@event(
    "workspace.created",
    ko="{actor} 워크스페이스 ‘{name}’을(를) 만들었습니다(시간대 {zone}).",
    en="{actor} created the workspace “{name}” in the time zone {zone}.",
)
class WorkspaceCreated(EventData):
    """A company or tenant began to use the ledger. `zone` is an IANA name and decides its business days."""

    name: str
    zone: str
    default_language: DefaultLanguage


@event(
    "workspace.dual_control_off_requested",
    ko="{actor} 이중 승인을 끄자고 요청했습니다.",
    en="{actor} asked to turn dual control off.",
)
class DualControlOffRequested(EventData):
    """An administrator wants no second person to be asked any longer; another administrator decides."""


@event(
    "workspace.dual_control_set",
    ko="{actor} 이중 승인 설정을 바꿨습니다(필요: {required}).",
    en="{actor} set whether dual control is required: {required}.",
)
class DualControlSet(EventData):
    """Whether becoming a lead, and a token for another person, take a second person."""

    required: bool


@event(
    "workspace.zone_changed",
    ko="{actor} 워크스페이스의 시간대를 바꿨습니다: {effective_from}부터 {old} → {new}.",
    en="{actor} changed the workspace's time zone from {old} to {new}, from {effective_from} on.",
)
class WorkspaceZoneChanged(EventData):
    """From a business day on, days are those of another zone. Days before stay what they were."""

    old: str
    new: str
    effective_from: date
