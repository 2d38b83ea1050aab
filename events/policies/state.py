"""The state of a policy, and which of its versions holds."""

from collections.abc import Iterable
from typing import NamedTuple

from events.policies.defaults import DEFAULTS
from events.policies.rules import Framework, PolicyVersions, Rules
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

    def pinned(self, framework: Framework, pins: PolicyVersions | None) -> InForce:
        """Return the version that judges the goals of a cycle; one that has not opened yet pins none."""
        if pins is None:
            return self.newest(framework)
        version = pins.of(framework)
        return InForce(framework, version, self._policies[framework].rules(version))

    @property
    def versions(self) -> PolicyVersions:
        """The newest version of each: what a cycle pins when it opens."""
        return PolicyVersions(**{id_: policy.version for id_, policy in self._policies.items()})
