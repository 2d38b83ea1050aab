"""The state of a workspace, and which business day an instant falls on."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from events.state import State
from events.workspace.events import DefaultLanguage


class Workspace(State):
    """A company or tenant; nothing crosses its border."""

    name: str
    default_language: DefaultLanguage
    zones: tuple[tuple[str, date], ...]
    """(IANA zone, first business day it holds for), oldest first; the first one holds since ever."""

    dual_control: bool = True
    """Becoming a lead, and a token for another person, take a second person once there are two
    administrators."""
    dual_control_off_asked_by: str | None = None
    """The administrator who asked to turn that off."""

    def needs_second_person(self, administrators: int) -> bool:
        """Return whether a second person has to say yes: without two administrators nobody could."""
        return self.dual_control and administrators > 1

    def zone_on(self, day: date) -> str:
        """Return the zone in which a business day is counted."""
        return next(zone for zone, since in reversed(self.zones) if since <= day)

    def zones_from(self, day: date) -> set[str]:
        """Return the zones in which a business day and later ones are counted."""
        return {self.zone_on(day), *(zone for zone, since in self.zones if since > day)}

    def business_day(self, instant: datetime) -> tuple[date, str]:
        """Return the business day of an instant (aware), and the zone that decided it."""
        for zone, since in reversed(self.zones[1:]):
            day = instant.astimezone(ZoneInfo(zone)).date()
            if day >= since:
                return day, zone
        zone = self.zones[0][0]
        return instant.astimezone(ZoneInfo(zone)).date(), zone
