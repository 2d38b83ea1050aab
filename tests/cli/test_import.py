"""`goaltrail import` against a running API."""

from __future__ import annotations

import csv
import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Terminal, Write

ROOT = Path(__file__).parent.parent.parent
TRYTON = ROOT / "examples" / "tryton"

CSV = TRYTON / "csv_sales_flat.csv"
JSONRPC = TRYTON / "jsonrpc_sale_search_read.json"

COUNTED = {"confirmed", "processing", "done"}


def monthly_revenue() -> dict[str, Decimal]:
    """EUR sales per month, added up from both exports by hand: the CSV is newer and has one sale more."""
    sales: dict[str, tuple[str, Decimal]] = {}
    for sale in json.loads(JSONRPC.read_text())["result"]:
        if sale["currency."]["code"] == "EUR" and sale["state"] in COUNTED:
            month = f"{sale['sale_date']['year']}-{sale['sale_date']['month']:02}"
            sales[str(sale["id"])] = month, Decimal(sale["untaxed_amount"]["decimal"])
    with CSV.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["Currency/Code"] == "EUR" and row["State"] in COUNTED:
                sales[row["ID"]] = row["Sale Date"][:7], Decimal(row["Untaxed"])
    months: defaultdict[str, Decimal] = defaultdict(Decimal)
    for month, amount in sales.values():
        months[month] += amount
    return dict(months)


@pytest.mark.parametrize("order", ["csv json csv json", "json csv json"])
def test_one_revenue_from_two_exports(terminal: Terminal, order: str) -> None:
    """CSV and JSON-RPC, each twice and in any order: every sale counts once."""
    terminal.define("revenue-eur", "EUR")
    files = {"csv": (CSV, "sales-csv.yaml"), "json": (JSONRPC, "sales-jsonrpc.yaml")}
    accepted, position = 0, 0
    for name in order.split():
        file, mapping = files[name]
        told = terminal.json("import", file, "--feed", "tryton", "--mapping", TRYTON / mapping)
        assert told["counts"]["rejected"] == told["counts"]["conflict"] == 0
        accepted += told["counts"]["accepted"]
        position = max(position, told["position"])
    assert accepted == 139
    trend = terminal.read(
        "/v1/kpis/revenue-eur/trend", position, bucket="month", **{"from": "2026-01-01", "to": "2026-12-31"}
    )
    shown = {point["label"]: Decimal(point["value"]) for point in trend["data"] if point["count"]}
    assert shown == monthly_revenue()


def test_what_was_not_taken_stands_beside_the_file(terminal: Terminal, write: Write) -> None:
    """Each row has its reason; the others are taken. Put right, it can be sent again."""
    terminal.define("sales")
    file = write(
        "bad.csv",
        "kpi;source_id;value;observed_at;dimensions.region\n"
        "sales;a;10.5;2026-03-01T09:00:00+09:00;서울\n"
        "sales;b;ten;2026-03-01T09:00:00+09:00;서울\n"
        "nothing;c;1;2026-03-01T09:00:00+09:00;\n"
        "sales;d;1\n"
        "sales;e;1;2026-03-01T09:00:00;\n"
        "sales;a;11;2026-03-01T09:00:00+09:00;서울\n"
        'sales;"f;g";1;2026-03-01T09:00:00+09:00;\n',
    )
    result = terminal.goaltrail("import", file, "--feed", "erp")
    assert result.exit_code == 1
    assert "bad.csv.rejected.csv" in result.stdout.replace("\n", "")
    with Path(f"{file}.rejected.csv").open(newline="") as rejected:
        rows = list(csv.reader(rejected, delimiter=";"))
    assert rows[0] == [
        *("line", "status", "code", "reason"),
        *("kpi", "source_id", "value", "observed_at", "dimensions.region"),
    ]
    assert [tuple(row[:3]) for row in rows[1:]] == [
        ("3", "rejected", "number_not_read"),
        ("4", "rejected", "unknown_kpi"),
        ("5", "rejected", "wrong_width"),
        ("6", "rejected", "time_without_zone"),
        ("7", "conflict", "conflict"),
    ]
    assert rows[3][4:] == ["sales", "d", "1"]
    told = terminal.json(
        "import", write("bad.csv", file.read_text().replace("ten", "10")), "--feed", "erp", code=1
    )
    assert (told["counts"]["accepted"], told["counts"]["duplicate"]) == (1, 2)


@pytest.mark.parametrize(
    "mapping", [None, "fields: {kpi: kpi, source_id: source_id, value: value, period: period}"]
)
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("r.csv", "kpi,source_id,value,period\nsales,a,x1.50,2026-03\nsales,b,x2\n"),
        (
            "r.jsonl",
            '{"kpi": "sales", "source_id": "a", "value": "x1.50", "period": "2026-03"}\n{"kpi": "sales",\n',
        ),
        (
            "r.json",
            '[{"kpi": "sales", "source_id": "a", "value": "x1.50", "period": "2026-03"}, {"kpi": "sales"}]',
        ),
    ],
)
def test_rows_that_were_not_taken_are_put_right_and_imported(
    terminal: Terminal, write: Write, name: str, content: str, mapping: str | None
) -> None:
    """The file with the reasons is taken as it is; what is still wrong stands in one of its own."""
    terminal.define("sales")
    mapped: list[str | Path] = [] if mapping is None else ["--mapping", write("m.yaml", mapping)]
    told = terminal.json("import", write(name, content), "--feed", "erp", *mapped, code=1)
    assert told["counts"]["rejected"] == 2
    put_right = Path(told["rejected_file"])
    put_right.write_text(put_right.read_text().replace("x1.50", "1.50"))
    told = terminal.json("import", put_right, "--feed", "erp", *mapped, code=1)
    assert (told["counts"]["accepted"], told["counts"]["rejected"]) == (1, 1)
    (reading,) = terminal.read("/v1/readings", told["position"], kpi="sales")["data"]
    assert (reading["source_id"], reading["value"]) == ("a", "1.5")


def test_json_lines_are_sent_as_they_are(terminal: Terminal, write: Write) -> None:
    """A broken line, wrong UTF-8 and a BOM harm no other line; line numbers are those of the file."""
    terminal.define("sales")
    good = '{"kpi": "sales", "source_id": "%s", "value": 0.10, "period": "2026-03-01"}'
    lines = [good % "a", "", good % "b", '{"kpi": ', (good % "c"), good % "\\ud800"]
    content = b"\xef\xbb\xbf" + "\n".join(lines).encode() + b'\n{"kpi": "\xff"}\n'
    file = write("r.jsonl", content)
    told = terminal.json("import", file, "--feed", "erp", code=1)
    assert told["counts"]["accepted"] == 3
    rejected = [json.loads(line) for line in Path(told["rejected_file"]).read_text().splitlines()]
    assert [(found["line"], found["code"]) for found in rejected] == [
        (4, "malformed"),
        (6, "lone_surrogate"),
        (7, "not_utf8"),
    ]
    again = terminal.json("import", write("r.jsonl", "\n".join([good % "a", good % "d"])), "--feed", "erp")
    assert (again["counts"]["accepted"], again["counts"]["duplicate"]) == (1, 1)
    assert again["rejected_file"] is None
    assert Path(told["rejected_file"]).exists()  # somebody may be putting it right


def test_a_french_export(terminal: Terminal, write: Write) -> None:
    """Decimal comma, local dates and a zone, by the mapping."""
    terminal.define("sales", "EUR")
    mapping = write(
        "m.yaml",
        """
        where: {État: [fait, confirmé]}
        fields:
          kpi: {constant: sales}
          source_id: {text: "{Année}/{Numéro}"}
          value: {column: Montant, decimal: ","}
          observed_at: {column: Édité le, format: "%d.%m.%Y %H:%M", zone: Europe/Paris}
          source_version: Version
          dimensions: {client: Tiers}
        """,
    )
    file = write(
        "ventes.csv",
        "\ufeffAnnée;Numéro;Montant;Édité le;État;Version;Tiers\n"
        "2026;1;1 234,50;31.03.2026 23:30;fait;2;Café\n"
        "2026;2;7;31.03.2026 23:30;brouillon;1;\n"
        "2026;3;1.000,25;01.04.2026 00:30;confirmé;1;\n",
    )
    told = terminal.json("import", file, "--feed", "tryton", "--mapping", mapping)
    assert (told["counts"]["accepted"], told["counts"]["not counted"]) == (2, 1)
    listed = terminal.read("/v1/readings", told["position"], kpi="sales")["data"]
    assert [(r["source_id"], r["value"], r["observed_at"], r["dimensions"]) for r in listed] == [
        ("2026/1", "1234.5", "2026-03-31T21:30:00Z", {"client": "Café"}),
        ("2026/3", "1000.25", "2026-03-31T22:30:00Z", None),
    ]


def test_a_number_that_does_not_fit_is_rejected_and_the_sign_of_money_is_a_unit(
    terminal: Terminal, write: Write
) -> None:
    """With what to declare, in both languages; its neighbours are taken."""
    terminal.define("sales", "KRW")
    mapping = write(
        "m.yaml",
        """
        fields:
          kpi: {constant: sales}
          source_id: Nr
          value: {column: Betrag, decimal: ","}
          period: Tag
        """,
    )
    rows = ["1;1.250,50;2026-03-01", "2;12.5;2026-03-01", "3;₩1.000;2026-03-01", "4;€12,50;2026-03-01"]
    file = write("b.csv", "\n".join(["Nr;Betrag;Tag", *rows]))
    told = terminal.json("import", file, "--feed", "erp", "--mapping", mapping, code=1)
    assert (told["counts"]["accepted"], told["counts"]["rejected"]) == (2, 2)
    refused = Path(told["rejected_file"]).read_text()
    assert "2;1;" not in refused
    assert "number_not_read;value: '12.5' is no number whose decimal sign is a comma" in refused
    assert "wrong_unit;the KPI sales is measured in KRW, not in EUR" in refused
    terminal.goaltrail("import", file, "--feed", "erp", "--mapping", mapping, "--lang", "ko")
    assert "'12.5'는 소수점이 쉼표인 숫자가 아닙니다" in Path(f"{file}.rejected-2.csv").read_text()


def test_a_file_that_is_being_put_right_is_nobody_elses(terminal: Terminal, write: Write) -> None:
    """A run that is repeated meanwhile writes a file of its own."""
    terminal.define("sales")
    file = write("r.csv", "kpi,source_id,value,period\nsales,a,x,2026-03\n")
    first = Path(terminal.json("import", file, "--feed", "erp", code=1)["rejected_file"])
    first.write_text(first.read_text().replace(",x,", ",5,"))
    second = Path(terminal.json("import", file, "--feed", "erp", code=1)["rejected_file"])
    assert (first.name, second.name) == ("r.csv.rejected.csv", "r.csv.rejected-2.csv")
    assert terminal.json("import", first, "--feed", "erp")["counts"]["accepted"] == 1


def test_where_nothing_can_be_written_rows_are_kept_elsewhere(
    terminal: Terminal, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A read-only share: the current directory takes them; if that does not either, one line says so."""
    terminal.define("sales")
    file = write("r.csv", "kpi,source_id,value,period\nsales,a,x,2026-03\n")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    read_only = {tmp_path}
    opened = Path.open

    def refusing(path: Path, mode: str = "r", **options: Any) -> Any:
        if mode == "x" and path.parent in read_only:
            raise OSError(errno.EROFS, "Read-only file system")
        return opened(path, mode, **options)

    monkeypatch.setattr(Path, "open", refusing)
    monkeypatch.chdir(elsewhere)
    told = terminal.json("import", file, "--feed", "erp", code=1)
    assert told["rejected_file"] == str(elsewhere / "r.csv.rejected.csv")
    read_only.add(elsewhere)
    result = terminal.goaltrail("import", file, "--feed", "erp")
    assert result.exit_code == 1
    assert "there is no place for the rows that were not taken" in result.stderr
    assert "Traceback" not in result.output


def test_many_rows_are_sent_in_batches(terminal: Terminal, write: Write) -> None:
    """Every row has one receipt, and a second run changes nothing."""
    terminal.define("sales")
    rows = "".join(f"sales,s{n},{n},2026-03-01\n" for n in range(12_345))
    file = write("many.csv", "kpi,source_id,value,period\n" + rows)
    assert terminal.json("import", file, "--feed", "erp")["counts"]["accepted"] == 12_345
    assert terminal.json("import", file, "--feed", "erp")["counts"]["duplicate"] == 12_345


def test_a_dry_run_sends_nothing(terminal: Terminal, write: Write) -> None:
    """It says what would be sent and what is wrong, without an API."""
    file = write(
        "r.csv", "kpi,source_id,value,period\nsales,a,1,2026-03\nsales,,1,2026-03\nsales,c,x,2026-03\n"
    )
    result = terminal.goaltrail(
        "import", file, "--feed", "erp", "--dry-run", "--json", GOALTRAIL_URL="http://127.0.0.1:1"
    )
    assert result.exit_code == 1
    counts = json.loads(result.stdout)["counts"]
    assert counts == {"would be sent": 1, "rejected": 2, "not counted": 0}


def test_a_row_that_is_too_long_is_rejected_by_itself(write: Write) -> None:
    """What no field takes may be long. Nothing inside of a text that is too long is a row."""
    mapping = write("m.yaml", "fields: {kpi: kpi, source_id: id, value: value, period: day}")
    good = "sales,{},1,2026-03,{}\n".format
    text = ("x" * 999 + "\n" + good("inside", "")) * 1100
    rows = [
        good("a", "x" * 200_000),
        good("b" * 60_000, ""),
        good("c", '1" 2'),
        good("d", f'"{text} ""{text}"""'),
        good("e", "x" * 3_000_000),
        good("f", '"two\nlines"'),
        good("g", '"never closed'),
        good("h", ""),
    ]
    file = write("long.csv", "kpi,id,value,day,note\n" + "".join(rows))
    nobody = Terminal(http=_nobody(), token="t")
    told = nobody.json("import", file, "--feed", "erp", "--dry-run", "--mapping", mapping, code=1)
    assert told["counts"] == {"would be sent": 3, "rejected": 4, "not counted": 0}
    with Path(told["rejected_file"]).open(newline="") as rejected:
        found = [row[:4] for row in csv.reader(rejected)][1:]
    after = 5 + 2 * text.count("\n") + 1
    assert [(row[0], row[2]) for row in found] == [
        ("3", "wrong_length"),
        ("5", "row_too_long"),
        (str(after), "row_too_long"),
        (str(after + 3), "quote_not_closed"),
    ]
    assert found[1][3] == f"the row (lines 5 to {after - 1}) has more than 1048576 characters"
    assert found[3][3] == f"a quote in the row is not closed up to the end of the file (line {after + 4})"


@pytest.mark.parametrize(
    "mapping", [None, "fields: {kpi: kpi, source_id: source_id, value: value, period: period}"]
)
def test_a_json_line_that_is_too_long_is_rejected_by_itself(write: Write, mapping: str | None) -> None:
    """Its neighbours are taken, the last one also where the file does not end with a line break."""
    good = '{"kpi": "sales", "source_id": "%s", "value": "1", "period": "2026-03"%s}'
    note = ', "note": "%s"' % ("x" * 3_000_000)
    lines = [good % ("a", ""), good % ("b", note), good % ("c", ""), "", good % ("d", note)]
    file = write("long.jsonl", "\n".join(lines))
    mapped: list[str | Path] = [] if mapping is None else ["--mapping", write("m.yaml", mapping)]
    nobody = Terminal(http=_nobody(), token="t")
    told = nobody.json("import", file, "--feed", "erp", "--dry-run", *mapped, code=1)
    assert told["counts"] == {"would be sent": 2, "rejected": 2, "not counted": 0}
    refused = [json.loads(line) for line in Path(told["rejected_file"]).read_text().splitlines()]
    assert [(row["line"], row["code"]) for row in refused] == [(2, "row_too_long"), (5, "row_too_long")]
    assert refused[0]["reason"] == "the row (lines 2 to 2) has more than 1048576 characters"
    assert refused[0]["row"] == ""


def test_a_version_that_is_no_number_has_one_short_reason(write: Write) -> None:
    """Also one of so many digits that Python has advice about it."""
    columns = "kpi,source_id,value,period,source_version\n"
    file = write("v.csv", columns + "".join(f"sales,a,1,2026-03,{v}\n" for v in ("9" * 5000, "x" * 5000)))
    nobody = Terminal(http=_nobody(), token="t")
    told = nobody.json("import", file, "--feed", "erp", "--dry-run", code=1)
    with Path(told["rejected_file"]).open(newline="") as rejected:
        found = [row[2:4] for row in csv.reader(rejected)][1:]
    reason = "source_version must be a whole number or a time such as 2026-03-31T18:00:00+09:00"
    assert found == [["source_version_invalid", reason]] * 2


@pytest.mark.parametrize(
    ("name", "content", "mapping", "line"),
    [
        ("r.xls", "", None, "the ending must be one of .csv, .tsv, .jsonl, .ndjson, .json"),
        ("r.csv", "", None, "is empty"),
        ("r.csv", "kpi,source_id,amount\n", None, "there is no field 'amount' in a reading"),
        ("r.csv", "kpi,value\n", None, "there is no column 'source_id'"),
        ("r.csv", "kpi,value,source_id,value\n", None, "has two columns 'value'"),
        ("r.csv", "a,b, b\n", "fields: {kpi: a, source_id: b}", "has two columns 'b'"),
        ("r.csv", "a,b,b\n", "{where: {b: 1}, fields: {kpi: a, source_id: a}}", "has two columns 'b'"),
        ("r.csv", "kpi," + "x" * 1_100_000, None, "line 1: the names of the columns have more than"),
        ("r.csv", "a,b\n", "fields: {kpi: a, source_id: c}", "has no column 'c'; it has a, b"),
        ("r.csv", "a,b\n", "fields: {kpi: a}", "fields/source_id: Field required"),
        ("r.csv", "a,b\n", "fields: {kpi: a, source_id: {column: b, constant: 1}}", "give one of column"),
        ("r.csv", "a,b\n", "fields: [", "is not YAML"),
        ("r.json", "{}", None, "has no list of records"),
        ("r.json", "{", None, "is not JSON"),
    ],
)
def test_what_cannot_be_read_is_one_line(
    write: Write, tmp_path: Path, name: str, content: str, mapping: str | None, line: str
) -> None:
    """An exit code, and no traceback."""
    import_ = Terminal(http=_nobody(), token="t").goaltrail
    options: list[Any] = ["--mapping", write("m.yaml", mapping)] if mapping else []
    result = import_("import", write(name, content), "--feed", "erp", "--dry-run", *options)
    assert result.exit_code == 1
    assert line in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_nobody_answers(write: Write) -> None:
    """One line says so."""
    file = write("r.csv", "kpi,source_id,value,period\nsales,a,1,2026-03\n")
    result = Terminal(http=_nobody(), token="t").goaltrail("import", file, "--feed", "erp")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "Nothing answers at http://127.0.0.1:1" in result.stderr


def _nobody() -> Any:
    class Nobody:
        base_url = "http://127.0.0.1:1"

    return Nobody()


@pytest.mark.faults
def test_it_can_be_interrupted_and_run_again(terminal: Terminal, write: Write) -> None:
    """Ctrl-C ends it with a word of advice; the second run sends what the first one did not."""
    environment = {
        "PATH": os.environ["PATH"],
        "GOALTRAIL_URL": str(terminal.http.base_url),
        "GOALTRAIL_TOKEN": terminal.token,
    }
    for total in (40_000, 200_000):
        kpi = f"sales-{total}"
        terminal.define(kpi)
        rows = "".join(f"{kpi},s{n},{n},2026-03-01\n" for n in range(total))
        file = write(f"{kpi}.csv", "kpi,source_id,value,period\n" + rows)
        command = [sys.executable, "-m", "services.cli.main", "import", str(file), "--feed", "erp", "--json"]
        with subprocess.Popen(
            command,
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            # A shell that runs the tests in the background has told its children to ignore Ctrl-C.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as process:
            while not terminal.http.get("/v1/readings", params={"limit": "1", "kpi": kpi}).json().get("data"):
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            output, _ = process.communicate(timeout=30)
        if process.returncode != 0:  # else it was done before the signal came: a larger file, then
            break
    assert process.returncode == 130
    told = json.loads(output)
    assert told["interrupted"] is True
    before = told["counts"]["accepted"]
    assert before < total
    again = terminal.json("import", file, "--feed", "erp")["counts"]
    assert again["accepted"] + again["duplicate"] == total
    assert again["duplicate"] >= before
    assert terminal.json("import", file, "--feed", "erp")["counts"]["duplicate"] == total
