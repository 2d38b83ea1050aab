"""Commands on a policy."""

from events.commands import Command
from events.policies.rules import Framework, Rules


class SetPolicy(Command):
    """Set the whole rules of a framework as its next version; it takes a reason."""

    framework: Framework
    rules: Rules
