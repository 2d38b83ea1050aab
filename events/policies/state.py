"""The state of a policy, and which of its versions holds."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from events.cycles.state import Cycle
from events.policies.defaults import DEFAULTS
from events.policies.rules import Framework, PolicyVersions, Rules
from events.state import State


class Policy(State):
    """The rules of one framework in all their versions."""

    id: Framework
    versions: tuple[Rules, ...] = ()
    """The versions that were set, from version 1 on."""
    since: tuple[date, ...] = ()
    """The business day on which each of these was set."""

    @property
    def version(self) -> int:
        """The newest one; 0 is built in."""
        return len(self.versions)

    def version_on(self, day: date) -> int:
        """Return the one that was the newest at the end of a business day."""
        return sum(since <= day for since in self.since)

    def rules(self, version: int) -> Rules:
        """Return the rules of a version. Raises IndexError if there is none yet."""
        return DEFAULTS[self.id] if version == 0 else self.versions[version - 1]


class InForce(NamedTuple):
    """The version of a framework's rules that something is judged by."""

    framework: Framework
    version: int
    rules: Rules


class Policies:
    """The policies of a workspace; those that nobody set hold the built-in rules."""

    def __init__(self, known: Iterable[Policy] = ()) -> None:
        self._policies = {framework: Policy(id=framework) for framework in DEFAULTS}
        self._policies.update((policy.id, policy) for policy in known)

    def newest(self, framework: Framework) -> InForce:
        """Return the version that judges everything that belongs to no cycle."""
        policy = self._policies[framework]
        return InForce(framework, policy.version, policy.rules(policy.version))

    def pinned(self, framework: Framework, cycle: Cycle | None) -> InForce:
        """Return the version that judges the goals of a cycle.

        One that has not opened pins none: the newest of its last day judges them, so that what is set after
        that changes no final figure.
        """
        if cycle is None:
            return self.newest(framework)
        pins = cycle.policies or self.versions_on(cycle.end)
        version = pins.of(framework)
        return InForce(framework, version, self._policies[framework].rules(version))

    def versions_on(self, day: date) -> PolicyVersions:
        """Return the version of each that was the newest on a day, which may be to come."""
        return PolicyVersions(**{id_: policy.version_on(day) for id_, policy in self._policies.items()})
