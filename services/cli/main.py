"""The command `goaltrail`. One module per command or family of commands; this file only lists them."""

from __future__ import annotations

from importlib import import_module

import typer
from typer.core import TyperGroup

from services.cli.language import choose

COMMANDS = {
    "up": "up:up",
    "api": "processes:api",
    "worker": "processes:worker",
    "intake": "processes:intake",
    "provision": "processes:provision",
    "demo": "demo:demo",
    "import": "import_:import_",
    "state": "state:state",
    "alignment": "alignment:alignment",
    "scorecard": "scorecard:scorecard",
    "advise": "advise:advise",
    "trail": "trail:trail",
    "recognise": "talk:recognise",
    "feedback": "talk:feedback",
    "trend": "trend:trend",
    "resolve": "resolve:resolve",
    "rebuild": "rebuild:rebuild",
    "waive": "waive:waive",
    "accept-ledger": "accept_ledger:accept_ledger",
    "forget": "forget:forget",
    "doctor": "doctor:doctor",
    "people": "people:app",
    "token": "token:app",
    "workspace": "workspace:app",
}
"""Each command, in the order of `--help`, with its module here and the function or family there."""


class Commands(TyperGroup):
    """Loads the module of a command when that command is asked for: all of them take a second.

    Typer does not export the types of the contexts and commands that it hands over here: hence the ignores.
    """

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override] # noqa: ARG002
        """Return the names of all commands."""
        return list(COMMANDS)

    def invoke(self, ctx):  # type: ignore[no-untyped-def]
        """Run a command; what is wrong with a choice is told without Typer's "Value error, "."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def get_command(self, ctx: typer.Context, cmd_name: str):  # type: ignore[no-untyped-def, override] # noqa: ARG002
        """Return a command, or None if there is none of that name."""
        if cmd_name not in COMMANDS:
            # Among these Typer looks for what may have been meant.
            self.commands = dict.fromkeys(COMMANDS)  # type: ignore[assignment]
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found = getattr(import_module(f"services.cli.{module}"), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
            alone.command(cmd_name)(found)
            found = alone
        command = typer.main.get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="goaltrail",
    cls=Commands,
    help="Event-sourced OKR and KPI backend: every goal change and every reading is an immutable event.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def begin() -> None:
    """Speak the terminal's language unless the command has another."""
    choose(None)


if __name__ == "__main__":
    app()
