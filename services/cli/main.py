"""The command `goaltrail`. One module per command or family of commands; this file only lists them."""

from __future__ import annotations

import typer

from services.cli import (
    accept_ledger,
    advise,
    alignment,
    demo,
    doctor,
    forget,
    import_,
    people,
    processes,
    rebuild,
    resolve,
    scorecard,
    state,
    talk,
    token,
    trail,
    trend,
    up,
    waive,
    workspace,
)
from services.cli.language import choose

app = typer.Typer(
    name="goaltrail",
    help="Event-sourced OKR and KPI backend: every goal change and every reading is an immutable event.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def begin() -> None:
    """Speak the terminal's language unless the command has another."""
    choose(None)


app.command("up")(up.up)
app.command("api")(processes.api)
app.command("worker")(processes.worker)
app.command("intake")(processes.intake)
app.command("provision")(processes.provision)
app.command("demo")(demo.demo)
app.command("import")(import_.import_)
app.command("state")(state.state)
app.command("alignment")(alignment.alignment)
app.command("scorecard")(scorecard.scorecard)
app.command("advise")(advise.advise)
app.command("trail")(trail.trail)
app.command("recognise")(talk.recognise)
app.command("feedback")(talk.feedback)
app.command("trend")(trend.trend)
app.command("resolve")(resolve.resolve)
app.command("rebuild")(rebuild.rebuild)
app.command("waive")(waive.waive)
app.command("accept-ledger")(accept_ledger.accept_ledger)
app.command("forget")(forget.forget)
app.command("doctor")(doctor.doctor)
app.add_typer(people.app, name="people")
app.add_typer(token.app, name="token")
app.add_typer(workspace.app, name="workspace")

if __name__ == "__main__":
    app()
