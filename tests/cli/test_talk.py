"""`goaltrail recognise` and `goaltrail feedback`, as people at terminals use them."""

from __future__ import annotations

from tests.cli.conftest import Terminal


def test_people_tell_each_other_something(terminal: Terminal) -> None:
    """Everybody reads the recognition, only two the feedback; what is missing is said in one line."""
    jun, sol = (
        terminal.http.post("/v1/tokens", json={"actor": f"person:{name}", "role": "viewer"}).json()["token"]
        for name in ("jun", "sol")
    )
    said = terminal.json("recognise", "jun", "-m", "고맙습니다")
    told = terminal.json("feedback", "jun", "-m", "더 일찍 알려 주세요")
    terminal.read("/v1/workspace", max(said["position"], told["position"]))
    for reader, feedback in ((jun, "“더 일찍 알려 주세요”"), (sol, None)):
        shown = terminal.goaltrail("recognise", "--lang", "en", GOALTRAIL_TOKEN=reader)
        assert "“고맙습니다”" in shown.stdout, shown.output
        shown = terminal.goaltrail("feedback", "--lang", "en", GOALTRAIL_TOKEN=reader)
        if feedback is None:
            assert (shown.exit_code, "nothing that you may read" in shown.stderr) == (1, True)
        else:
            assert feedback in shown.stdout, shown.output
    silent = terminal.goaltrail("feedback", "jun")
    assert (silent.exit_code, "-m TEXT" in silent.stderr) == (1, True)
    itself = terminal.goaltrail("feedback", "jun", "-m", "x", GOALTRAIL_TOKEN=jun)
    assert "[feedback_to_oneself]" in itself.stderr
