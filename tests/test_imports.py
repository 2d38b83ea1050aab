"""No file imports another one that leads back to it."""

import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

LAYERS = ("events", "projections", "services")
ROOT = Path(__file__).parent.parent


def module_name(file: Path) -> str:
    """Return how other files import this one."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(tree: ast.Module) -> Iterator[str]:
    """Yield every name that a file imports, also in functions and for type checkers only."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed here"
            assert node.module is not None
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_of_files() -> dict[str, set[str]]:
    """Return the files that each file imports, by module name."""
    files = {module_name(file): file for layer in LAYERS for file in (ROOT / layer).rglob("*.py")}
    graph: dict[str, set[str]] = {}
    for name, file in files.items():
        found = imported(ast.parse(file.read_text()))
        # What is no file is a name in one: `events.ids.Slug` is in `events.ids`.
        graph[name] = {each if each in files else each.rpartition(".")[0] for each in found} & files.keys()
    return graph


def test_no_circle_among_files() -> None:
    """Neither for type checkers only nor in a function: whoever reads a file can read what it uses first."""
    graph = imports_of_files()
    assert graph["events.sentences"] >= {"events.envelope", "events.registry", "events.text"}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None


def test_no_test_imports_another_one() -> None:
    """What several tests start from stands in a file of its own (`given_…`), and can be read alone."""
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / "tests").rglob("*.py")
        for name in imported(ast.parse(file.read_text()))
        if name.startswith("tests.") and any(part.startswith("test_") for part in name.split(".")[:-1])
    ]
    assert wrong == []
