"""Every projection group there is."""

from projections.audit.fold import AUDIT
from projections.projection import Group
from projections.state.fold import STATE

GROUPS: dict[str, Group] = {group.name: group for group in (STATE, AUDIT)}
"""By the name that `goaltrail worker` and `goaltrail rebuild` take."""
