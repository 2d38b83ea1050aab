"""The state of a policy, and which of its versions holds."""

from events.policies.defaults import DEFAULTS
from events.policies.rules import Framework, Rules
from events.state import State


class Policy(State):
    """The rules of one framework in all their versions."""

    id: Framework
    versions: tuple[Rules, ...] = ()
    """Those that were set, from version 1 on."""

    @property
    def version(self) -> int:
        """The newest one; 0 is built in."""
        return len(self.versions)

    def rules(self, version: int) -> Rules:
        """The rules of a version. Raises IndexError if there is none yet."""
        return DEFAULTS[self.id] if version == 0 else self.versions[version - 1]
