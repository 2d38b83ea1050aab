"""Mappings: filters and texts mean what is written, and a mapping that does not fit its file is told so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.importing.mapping import ColumnMapping, load_mapping
from services.intake.rejections import Rejected
from tests.cli.conftest import Terminal, Write


@pytest.fixture
def mapped(tmp_path: Path) -> Callable[[str], ColumnMapping]:
    """A mapping as it stands in a file."""

    def load(where: str, fields: str = "kpi: kpi, source_id: id") -> ColumnMapping:
        file = tmp_path / "m.yaml"
        file.write_text(f"where: {where}\nfields: {{{fields}}}\n")
        return load_mapping(file)

    return load


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Yes", "Yes"),
        ("NO", "NO"),
        ("on", "on"),
        ("010", "010"),
        ("12:30", "12:30"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("null", "null"),
        ("null", None),
        ("~", "~"),
        ("2026-03-31", "2026-03-31"),
        ("true", "true"),
        ("true", "TRUE"),
        ("true", True),
        ("False", False),
        ("[NO, SE]", "NO"),
        ("done", " done "),
        ("' done'", "done"),
    ],
)
def test_a_filter_finds_what_is_written(
    mapped: Callable[[str], ColumnMapping], wanted: str, found: object
) -> None:
    """YAML's types play no part: what stands in the mapping is compared with what stands in the file."""
    assert mapped(f"{{x: {wanted}}}").left_out_by({"x": found}) is None


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("Yes", "true"),
        ("Yes", "yes"),
        ("010", "10"),
        ("done", "Done"),
        ("1.10", "1.1"),
        ("null", ""),
        ("true", "1"),
    ],
)
def test_a_filter_finds_nothing_else(
    mapped: Callable[[str], ColumnMapping], wanted: str, found: object
) -> None:
    """Case and zeros count."""
    assert mapped(f"{{x: {wanted}}}").left_out_by({"x": found}) == "x"


@pytest.mark.parametrize(
    ("text", "row", "made"),
    [
        ("{y}-{m:02}", {"y": "2013", "m": "1"}, "2013-01"),
        ("{y}-{m:02d}", {"y": "2013", "m": " 1"}, "2013-01"),
        ("{y}-{m:02}", {"y": 2013, "m": 12}, "2013-12"),
        ("{y}-{m:>3}", {"y": "2013", "m": "1"}, "2013-  1"),
        ("{y}-{m:02}", {"y": "2013", "m": "x"}, "2013-x0"),
    ],
)
def test_digits_are_padded_as_numbers(
    mapped: Callable[..., ColumnMapping], text: str, row: dict[str, object], made: str
) -> None:
    """January never becomes October."""
    assert mapped("{}", f'kpi: y, source_id: {{text: "{text}"}}').item(row)["source_id"] == made


@pytest.mark.parametrize(
    ("source_id", "row", "code"),
    [
        ('{text: "O-{id}"}', {"id": "", "kpi": "k"}, "part_missing"),
        ('{text: "O-{id}"}', {"id": " ", "kpi": "k"}, "part_missing"),
        ('{text: "{id}-{a/b}"}', {"id": "21", "a": {}, "kpi": "k"}, "part_missing"),
        ('{text: "{id}-{a/b}"}', {"id": "21", "a": {"b": None}, "kpi": "k"}, "part_missing"),
        ('{text: "O-{id}"}', {"id": {"a": 1}, "kpi": "k"}, "not_a_text"),
        ("id", {"id": {"a": 1}, "kpi": "k"}, "not_a_text"),
        ("id", {"id": [1], "kpi": "k"}, "not_a_text"),
        ("id", {"id": True, "kpi": "k"}, "not_a_text"),
    ],
)
def test_an_id_is_whole_and_a_text(
    mapped: Callable[..., ColumnMapping], source_id: str, row: dict[str, object], code: str
) -> None:
    """A total below the rows, or a path that a record does not have, makes no reading."""
    with pytest.raises(Rejected) as rejected:
        mapped("{}", f"kpi: kpi, source_id: {source_id}").item(row)
    assert rejected.value.code == code


ROWS = "Nr;Tag;Betrag;Stand\n1;2026-03-01;5;Done\n2;2026-03-02;6;open\n3;2026-03-03;7;open\n"
FIELDS = "{kpi: {constant: sales}, source_id: Nr, value: Betrag, period: Tag}"


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize(
    ("name", "content", "mapping", "told"),
    [
        (
            "r.csv",
            ROWS,
            f"where: {{Stand: done}}\nfields: {FIELDS}",
            "'Stand' never is 'done', and in 3 row(s) it is 'open' (2), 'Done' (1)",
        ),
        (
            "r.jsonl",
            '{"Nr": 1, "Tag": "2026-03-01", "Betrag": 5}\n',
            f"where: {{state/name: done}}\nfields: {FIELDS}",
            "'state/name' never is 'done', and in 1 row(s) it is 'null' (1)",
        ),
        (
            "r.jsonl",
            '{"Nr": 1, "Tag": "2026-03-01", "Betrag": 5}\n',
            "fields: {kpi: {constant: sales}, source_id: Nr, value: Betrag, period: Tag, unit: cur/code}",
            "no record has what the mapping calls 'cur/code'",
        ),
    ],
)
def test_a_mapping_that_fits_no_row_is_a_mistake(
    terminal: Terminal, write: Write, name: str, content: str, mapping: str, told: str, *, dry_run: bool
) -> None:
    """One line names the column and what it has; the exit code is 1."""
    terminal.define("sales")
    options = ["--dry-run"] if dry_run else []
    result = terminal.goaltrail(
        "import", write(name, content), "--feed", "erp", "--mapping", write("m.yaml", mapping), *options
    )
    assert result.exit_code == 1
    assert told in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("quote", "counts", "values"), [("", (0, 1), {}), ("quote: none\n", (2, 0), {"1": "10", "2": "20"})]
)
def test_a_quote_that_does_not_fit_gives_no_row_the_figures_of_another(
    terminal: Terminal, write: Write, quote: str, counts: tuple[int, int], values: dict[str, str]
) -> None:
    """An inch sign at the beginning of a cell: the rows are rejected, or `quote: none` says what it is."""
    terminal.define("sales")
    file = write("p.csv", 'id,desc,v,d\n1,"pipe 12,10,2026-03-01\n2,pipe" 3,20,2026-03-02\n')
    fields = "fields: {kpi: {constant: sales}, source_id: id, value: v, period: d}"
    result = terminal.goaltrail(
        "import", file, "--feed", "erp", "--mapping", write("m.yaml", quote + fields), "--json"
    )
    told = json.loads(result.stdout)
    assert (told["counts"]["accepted"], told["counts"]["rejected"]) == counts
    if counts[1]:
        assert "quotes_broken" in Path(told["rejected_file"]).read_text()
        return
    listed = terminal.read("/v1/readings", told["position"], kpi="sales")["data"]
    assert {reading["source_id"]: reading["value"] for reading in listed} == values
