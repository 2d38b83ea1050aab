"""Mappings: filters and texts mean what is written, and a mapping that does not fit its file is told so."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from services.cli.importing.mapping import ColumnMapping, MappingError, load_mapping
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


def gives(mapping: ColumnMapping, row: dict[str, str], item: dict[str, str] | str) -> None:
    """A row of KPI and id x gives these fields besides, or is rejected with these words."""
    if isinstance(item, str):
        with pytest.raises(Rejected, match=item):
            mapping.item({"k": "x"} | row)
    else:
        assert mapping.item({"k": "x"} | row) == {"kpi": "x", "source_id": "x"} | item


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
            "'Stand' never is 'done', and in 3 rows it is 'open' (2), 'Done' (1)",
        ),
        (
            "r.jsonl",
            '{"Nr": 1, "Tag": "2026-03-01", "Betrag": 5}\n',
            f"where: {{state/name: done}}\nfields: {FIELDS}",
            "'state/name' never is 'done', and in 1 row it is 'null' (1)",
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


@pytest.mark.parametrize(
    ("rule", "found", "item"),
    [
        ('{column: d, format: "%d.%m.%Y"}', "08.05.2026", {"period": "2026-05-08"}),
        ('{column: d, format: "%m.%Y"}', "03.2026", {"period": "2026-03"}),
        ('{column: d, format: "%Y"}', "2026", {"period": "2026"}),
        ('{column: d, format: "%G-%V"}', "2026-07", {"period": "2026-W07"}),
        ('{column: d, format: "%GW%V"}', "2026W53", {"period": "2026-W53"}),
        ('{column: d, format: "%G-%V-%u"}', "2026-07-3", {"period": "2026-02-11"}),
        ('{column: d, format: "%d/%m/%y %H:%M"}', "31/12/25 23:30", {"period": "2025-12-31"}),
        ("{column: d, zone: Asia/Seoul}", "2025-12-31T23:30:00+00:00", {"period": "2026-01-01"}),
        ("{column: d, zone: Asia/Seoul}", "2025-12-31T23:30:00", {"period": "2025-12-31"}),
        ('{column: d, format: "%Y-%m-%d %H:%M%z"}', "2025-12-31 23:30+0000", "a day only in a zone"),
        ('{column: d, format: "%d.%m.%Y"}', "2026-05-08", "is not of the form"),
        ('{column: d, format: "%G-%V"}', "2026-54", "is not of the form"),
    ],
)
def test_a_period_is_what_its_form_says(
    mapped: Callable[..., ColumnMapping], rule: str, found: str, item: dict[str, str] | str
) -> None:
    """A month stays a month, a week a week, and a time is a day in the zone that is declared."""
    mapping = mapped("{}", f"kpi: k, source_id: k, period: {rule}")
    gives(mapping, {"d": found}, item)


BERLIN = 'format: "%d.%m.%Y %H:%M", zone: Europe/Berlin'


@pytest.mark.parametrize(
    ("rule", "found", "item"),
    [
        (BERLIN, "25.10.2026 01:59", {"observed_at": "2026-10-25T01:59:00+02:00"}),
        (BERLIN, "25.10.2026 03:00", {"observed_at": "2026-10-25T03:00:00+01:00"}),
        (BERLIN, "25.10.2026 02:30", "comes twice in Europe/Berlin"),
        (f"{BERLIN}, hour: earlier", "25.10.2026 02:30", {"observed_at": "2026-10-25T02:30:00+02:00"}),
        (f"{BERLIN}, hour: later", "25.10.2026 02:30", {"observed_at": "2026-10-25T02:30:00+01:00"}),
        (BERLIN, "29.03.2026 02:30", "there is no 2026-03-29 02:30 in Europe/Berlin"),
        (f"{BERLIN}, hour: later", "29.03.2026 02:30", "there is no 2026-03-29 02:30 in Europe/Berlin"),
        ('format: "%d.%m.%Y"', "01.05.2026", {"period": "2026-05-01"}),
        ('format: "%d.%m.%Y", zone: Asia/Seoul', "01.05.2026", {"period": "2026-05-01"}),
    ],
)
def test_a_time_is_what_its_form_says(
    mapped: Callable[..., ColumnMapping], rule: str, found: str, item: dict[str, str] | str
) -> None:
    """A day is a day in every zone; an hour that comes twice, or never, is not guessed."""
    mapping = mapped("{}", f"kpi: k, source_id: k, observed_at: {{column: d, {rule}}}")
    gives(mapping, {"d": found}, item)


@pytest.mark.parametrize(
    ("name", "form", "told"),
    [
        ("period", "%d%m", "says no year"),
        ("period", "%H:%M", "says no year"),
        ("period", "%Y-%W", "%G and %V together"),
        ("period", "%Y-%V", "%G and %V together"),
        ("period", "%G-%m", "%G and %V together"),
        ("period", "%Y %H", "not of which month and day"),
        ("period", "%d %Y", "not of which month and day"),
        ("observed_at", "%m.%Y", "map it to period"),
        ("observed_at", "%G-W%V", "map it to period"),
    ],
)
def test_a_form_that_leaves_something_out_is_refused(
    mapped: Callable[..., ColumnMapping], name: str, form: str, told: str
) -> None:
    """Before a row is read: what is missing would be 1900, or the first of January."""
    with pytest.raises(MappingError, match=told):
        mapped("{}", f'kpi: k, source_id: k, {name}: {{column: d, format: "{form}"}}')


def test_a_day_of_a_source_far_away_is_that_day(terminal: Terminal, write: Write) -> None:
    """A day without a time is a day, whatever the zone of the feed."""
    terminal.define("sales")
    mapping = write(
        "m.yaml",
        "fields: {kpi: {constant: sales}, source_id: id, value: v,"
        ' observed_at: {column: d, format: "%d.%m.%Y", zone: Pacific/Kiritimati}}',
    )
    told = terminal.json(
        "import", write("d.csv", "id,v,d\n1,5,01.05.2026\n"), "--feed", "erp", "--mapping", mapping
    )
    [reading] = terminal.read("/v1/readings", told["position"], kpi="sales")["data"]
    assert reading["business_day"] == "2026-05-01"


@pytest.mark.parametrize(
    ("fields", "row", "said"),
    [
        ("value: v", {"v": "₩1,000"}, {"value": "1000", "unit": "KRW"}),
        ("value: v, unit: u", {"v": "₩1,000", "u": "KRW"}, {"value": "1000", "unit": "KRW"}),
        ("value: v, unit: u", {"v": "1000", "u": "KRW"}, {"value": "1000", "unit": "KRW"}),
        ("value: v, unit: u", {"v": "€12.50", "u": "KRW"}, "EUR, KRW"),
        ("numerator: v, denominator: u", {"v": "₩5", "u": "₩10"}, {"numerator": "5", "denominator": "10"}),
        ("numerator: v, denominator: u", {"v": "€5", "u": "₩10"}, "EUR, KRW"),
    ],
)
def test_a_sign_of_money_is_never_dropped(
    mapped: Callable[..., ColumnMapping], fields: str, row: dict[str, str], said: dict[str, str] | str
) -> None:
    """It is the unit, and another unit beside it rejects the row."""
    mapping = mapped("{}", f"kpi: k, source_id: k, {fields}")
    gives(mapping, row, said)


def test_what_is_null_in_every_record_is_there(terminal: Terminal, write: Write) -> None:
    """A path that leads to nothing in each record is none that no record has."""
    terminal.define("sales")
    mapping = write("m.yaml", f"fields: {FIELDS[:-1]}, source_version: edited}}")
    file = write("r.jsonl", '{"Nr": 1, "Tag": "2026-03-01", "Betrag": 5, "edited": null}\n')
    told = terminal.json("import", file, "--feed", "erp", "--mapping", mapping)
    assert told["counts"]["accepted"] == 1
