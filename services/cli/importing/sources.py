"""Files of readings, row by row: CSV, JSON lines, or one JSON document."""

from __future__ import annotations

import csv
import io
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, NamedTuple, Self

import orjson

from events.decimals import shown
from events.json_input import exact_json
from events.text import Text, counted
from services.cli.importing.mapping import ColumnMapping, MappingError, filtered_text, look_up, plain_mapping
from services.cli.language import Failure, cannot_read
from services.intake.formats import parse_line
from services.intake.rejections import Rejected

_BOM = b"\xef\xbb\xbf"
_DELIMITERS = ",;\t"
LONGEST_ROW = 2**20
"""Characters of a CSV row, bytes of a JSON line: many times what a reading can have, so that long texts
beside it do no harm."""


REPORT = ("line", "status", "code", "reason")
"""What is written before a row that was not taken. A file that begins with it is such a file, put right."""


_PUT_RIGHT = re.compile(r"\.rejected(-\d+)?\.jsonl$")
"""How the name of such a file of JSON lines ends."""


class FileError(Failure):
    """The file can't be read."""


class Row(NamedTuple):
    """One row of a file."""

    line: int
    """From 1, as an editor counts; in a JSON document the number of the record."""
    item: bytes | Rejected | None
    """The JSON to send, why there is none, or None for a row that does not count."""
    original: Any
    """As it stands in the file."""
    size: int
    """Bytes or characters that it takes in the file."""


class Refused(NamedTuple):
    """A row that was not taken, and why."""

    row: Row
    status: str
    code: str
    reason: str


class Fit:
    """Whether a mapping fits a file: what no row has is a mistake, not a file without readings."""

    def __init__(self, mapping: ColumnMapping | None) -> None:
        self._mapping = mapping
        self._unseen = set() if mapping is None else set(mapping.columns)
        self._left_out: Counter[str] = Counter()
        self._had: dict[str, Counter[str]] = {}
        self._counted = False

    def note(self, record: Mapping[str, Any], left_out_by: str | None) -> None:
        """Take note of a row, and of the column whose filter left it out."""
        if self._unseen:
            self._unseen = {one for one in self._unseen if look_up(record, one, _ABSENT) is _ABSENT}
        if left_out_by is None:
            self._counted = True
        elif not self._counted:
            self._left_out[left_out_by] += 1
            had = self._had.setdefault(left_out_by, Counter())
            found = filtered_text(look_up(record, left_out_by))
            if found in had or len(had) < _SHOWN:
                had[found] += 1

    def problem(self) -> Text | None:
        """Return what is wrong, once the whole file was read."""
        if self._mapping is None:
            return None
        if self._left_out and not self._counted:
            column, rows = self._left_out.most_common(1)[0]
            wanted = ", ".join(map(shown, self._mapping.where[column]))
            had = ", ".join(f"{shown(text)} ({number:,})" for text, number in self._had[column].most_common())
            return Text(
                f"매핑의 where 때문에 모든 행이 제외되었습니다. {column!r} 열은 {wanted}인 적이 없고"
                f" {rows:,}개 행에서 {had}였습니다",
                f"the mapping's filter leaves out every row: {column!r} never is {wanted},"
                f" and in {counted(rows, 'row')} it is {had}",
            )
        if self._unseen and (self._counted or self._left_out):
            column = min(self._unseen)
            return Text(
                f"어느 레코드에도 매핑의 {column!r} 위치가 없습니다",
                f"no record has what the mapping calls {column!r}",
            )
        return None


_ABSENT = object()
_SHOWN = 5
"""Texts of a column that are shown."""


class Source(ABC):
    """A file that is read once from beginning to end."""

    def __init__(self, path: Path, mapping: ColumnMapping | None) -> None:
        """Raises FileError."""
        self.path = path
        self.mapping = mapping
        self.fit = Fit(mapping)
        try:
            self.file: BinaryIO = path.open("rb")
            self.size = path.stat().st_size
        except OSError as error:
            raise FileError(cannot_read(path, error)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.file.close()

    @property
    def read(self) -> int:
        """How many bytes were read."""
        return self.file.tell()

    @abstractmethod
    def rows(self) -> Iterator[Row]:
        """Return every row in order. Raises FileError, MappingError."""

    @property
    @abstractmethod
    def refused_name(self) -> tuple[str, str]:
        """The name of the file with rows that were not taken, and its ending."""

    @abstractmethod
    def begin_refused(self, file: io.TextIOBase) -> None:
        """Write what stands before the rows that were not taken."""

    @abstractmethod
    def write_refused(self, file: io.TextIOBase, refused: list[Refused]) -> None:
        """Write some rows that were not taken."""

    def _item(self, record: Mapping[str, Any]) -> bytes | Rejected | None:
        mapping = self.mapping
        assert mapping is not None
        left_out_by = mapping.left_out_by(record)
        self.fit.note(record, left_out_by)
        if left_out_by is not None:
            return None
        try:
            return _json(mapping.item(record))
        except Rejected as rejected:
            return rejected


class _Lines:
    """The lines of a CSV file. One row may only take LONGEST_ROW characters of them."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._last = 1  # the names of the columns
        self.begin()

    def begin(self) -> None:
        """A row begins with the next line."""
        self.first = self._last + 1
        self._room = LONGEST_ROW

    @property
    def last(self) -> int:
        """The last line that was read."""
        return self._last

    @property
    def size(self) -> int:
        """Characters of the row so far."""
        return LONGEST_ROW - self._room

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        """Raises Rejected for a row that does not end, or not in time; it was read to its end then."""
        line = self._text.readline(self._room + 1)
        if not line:
            if self._last >= self.first:
                raise Rejected("quote_not_closed", last=self._last)
            raise StopIteration
        self._last += 1
        self._room -= len(line)
        if self._room < 0:
            self._skip(line)
            raise Rejected("row_too_long", first=self.first, last=self._last, most=LONGEST_ROW)
        return line

    def _skip(self, line: str) -> None:
        """Go on to the end of the row: a line break between quotes ends none, whatever stands behind it."""
        quoted = self._last > self.first
        while line:
            quoted ^= line.count('"') % 2 == 1
            ended = line.endswith(("\n", "\r"))
            if ended and not quoted:
                return
            line = self._text.readline(LONGEST_ROW)
            self._last += ended and line != ""


def _broken_line(path: Path, line: int, error: csv.Error) -> FileError:
    return FileError(Text(f"{path}, {line}행: {error}", f"{path}, line {line}: {error}"))


class CsvSource(Source):
    """Comma, semicolon or tab between the columns; the first row has their names."""

    def __init__(self, path: Path, mapping: ColumnMapping | None) -> None:
        super().__init__(path, mapping)
        try:
            self._read_header(path, mapping)
        except Failure:
            self.file.close()
            raise

    def _read_header(self, path: Path, mapping: ColumnMapping | None) -> None:
        # What is not UTF-8 is kept as it is, so that only its row is rejected.
        text = io.TextIOWrapper(self.file, "utf-8-sig", errors="surrogateescape", newline="")
        try:
            first = text.readline(LONGEST_ROW + 1)
            if len(first) > LONGEST_ROW:
                raise FileError(
                    Text(
                        f"{path}, 1행: 열 이름이 {LONGEST_ROW}자를 넘습니다",
                        f"{path}, line 1: the names of the columns have more than {LONGEST_ROW} characters",
                    )
                )
            # The limit of the csv module, one for the whole process, would end the file at a long field.
            csv.field_size_limit(LONGEST_ROW)
            self._delimiter = (mapping.delimiter if mapping else None) or max(_DELIMITERS, key=first.count)
            header = next(csv.reader([first], delimiter=self._delimiter), [])
            self.columns = [name.strip() for name in header]
            self._lines = _Lines(text)
            self._reader = csv.reader(
                self._lines,
                delimiter=self._delimiter,
                strict=True,
                quoting=csv.QUOTE_NONE if mapping and mapping.quote == "none" else csv.QUOTE_MINIMAL,
            )
        except csv.Error as error:
            raise _broken_line(path, 1, error) from None
        if not any(self.columns):
            raise FileError(Text(f"{path}이(가) 비어 있습니다", f"{path} is empty"))
        self._reported = len(REPORT) if tuple(self.columns[: len(REPORT)]) == REPORT else 0
        if mapping is None:
            self.mapping = plain_mapping(self.columns[self._reported :])
        else:
            missing = sorted(mapping.columns - set(self.columns))
            if missing:
                there = ", ".join(self.columns)
                raise MappingError(
                    Text(
                        f"{path}에 {missing[0]!r} 열이 없습니다. 있는 열: {there}",
                        f"{path} has no column {missing[0]!r}; it has {there}",
                    )
                )
        assert self.mapping is not None
        twice = [name for name in self.mapping.columns if self.columns.count(name) > 1]
        if twice:
            raise MappingError(
                Text(
                    f"{path}에 {min(twice)!r} 열이 둘입니다. 하나는 이름을 바꾸십시오",
                    f"{path} has two columns {min(twice)!r}: which one counts? Give one another name",
                )
            )

    def rows(self) -> Iterator[Row]:
        """Yield every row; a cell may hold line breaks."""
        width = len(self.columns)
        lines = self._lines
        while True:
            lines.begin()
            item: bytes | Rejected | None
            try:
                cells = next(self._reader, None)
            except Rejected as rejected:
                item, cells = rejected, [""] * width
            except csv.Error as error:
                if "expected after" not in str(error):
                    raise _broken_line(self.path, lines.first, error) from None
                item, cells = Rejected("quotes_broken", first=lines.first, last=lines.last), [""] * width
            else:
                if cells is None:
                    return
                if not cells:
                    continue
                if len(cells) == width:
                    item = self._item(dict(zip(self.columns, cells, strict=True)))
                else:
                    item = Rejected("wrong_width", wanted=width, found=len(cells))
            yield Row(lines.first, item, cells, lines.size)

    @property
    def refused_name(self) -> tuple[str, str]:
        """`sales.csv.rejected` and `.csv`."""
        return f"{self.path.name}.rejected", ".csv"

    def begin_refused(self, file: io.TextIOBase) -> None:
        """Write the names of the columns."""
        csv.writer(file, delimiter=self._delimiter).writerow([*REPORT, *self.columns[self._reported :]])

    def write_refused(self, file: io.TextIOBase, refused: list[Refused]) -> None:
        """Line, status, code and reason, then the row as it was: it can be put right and sent again."""
        writer = csv.writer(file, delimiter=self._delimiter)
        for row, status, code, reason in refused:
            writer.writerow([row.line, status, code, reason, *row.original[self._reported :]])


class JsonSource(Source):
    """What JSON files have in common."""

    @property
    def refused_name(self) -> tuple[str, str]:
        """`sales.jsonl.rejected` and `.jsonl`."""
        return f"{self.path.name}.rejected", ".jsonl"

    def begin_refused(self, file: io.TextIOBase) -> None:
        """Nothing: the columns are named in each line."""
        file.write("")

    def write_refused(self, file: io.TextIOBase, refused: list[Refused]) -> None:
        """One object a line: line, status, code, reason, and the row as it was."""
        for row, status, code, reason in refused:
            told = dict(zip(REPORT, (row.line, status, code, reason), strict=True)) | {"row": _shown(row)}
            file.write(orjson.dumps(told, default=str).decode() + "\n")


class JsonLinesSource(JsonSource):
    """One JSON object a line; without a mapping it is sent as it is."""

    def rows(self) -> Iterator[Row]:
        """Yield every line that is not empty."""
        number = 0
        while raw := self.file.readline(LONGEST_ROW + 1):
            number += 1
            if len(raw) > LONGEST_ROW and not raw.endswith(b"\n"):
                rejected = Rejected("row_too_long", first=number, last=number, most=LONGEST_ROW)
                yield Row(number, rejected, b"", len(raw) + self._skip_line())
                continue
            line = (raw.removeprefix(_BOM) if number == 1 else raw).strip()
            if line:
                yield Row(number, self._line(line), line, len(line))

    def _skip_line(self) -> int:
        """Go on to the end of a line, piece by piece; answers how many bytes that were."""
        skipped = 0
        while piece := self.file.readline(LONGEST_ROW):
            skipped += len(piece)
            if piece.endswith(b"\n"):
                break
        return skipped

    def _line(self, line: bytes) -> bytes | Rejected | None:
        put_right = _PUT_RIGHT.search(self.path.name) is not None
        if self.mapping is None and not put_right:
            return line
        record = parse_line(line)
        if put_right and isinstance(record, dict) and record.keys() == {*REPORT, "row"}:
            record = record["row"]
            if isinstance(record, str):  # it was no JSON
                record = parse_line(record.encode(errors="replace"))
        if isinstance(record, Rejected):
            return record
        if not isinstance(record, dict):
            return Rejected("not_an_object")
        return _json(record) if self.mapping is None else self._item(record)


class JsonDocumentSource(JsonSource):
    """One document that is read as a whole: a list of records, or one at the mapping's path `records`."""

    def rows(self) -> Iterator[Row]:
        """Yield every record."""
        try:
            document: Any = exact_json(self.file.read().decode("utf-8-sig"))
        except (ValueError, RecursionError) as error:
            raise FileError(
                Text(f"{self.path}은(는) JSON이 아닙니다: {error}", f"{self.path} is not JSON: {error}")
            ) from None
        path = self.mapping.records if self.mapping is not None else None
        records = document if path is None else look_up({"": document} | dict(_object(document)), path)
        if not isinstance(records, list):
            raise FileError(
                Text(
                    f"{self.path}의 {path!r} 위치에 레코드 목록이 없습니다",
                    f"{self.path} has no list of records at {path!r}",
                )
                if path
                else Text(
                    f"{self.path} 전체가 레코드 목록이 아닙니다(매핑에 위치를 적으십시오: `records: result`)",
                    f"{self.path} has no list of records as a whole"
                    " (name its place in the mapping: `records: result`)",
                )
            )
        size = self.size // max(len(records), 1)
        for number, record in enumerate(records, 1):
            if not isinstance(record, dict):
                yield Row(number, Rejected("not_an_object"), record, size)
            elif self.mapping is None:
                yield Row(number, _json(record), record, size)
            else:
                yield Row(number, self._item(record), record, size)


_SOURCES: dict[str, type[Source]] = {
    ".csv": CsvSource,
    ".tsv": CsvSource,
    ".jsonl": JsonLinesSource,
    ".ndjson": JsonLinesSource,
    ".json": JsonDocumentSource,
}


def open_source(path: Path, mapping: ColumnMapping | None) -> Source:
    """Return the file, by its ending. Raises FileError, MappingError."""
    kind = _SOURCES.get(path.suffix.lower())
    if kind is None:
        endings = ", ".join(_SOURCES)
        raise FileError(
            Text(
                f"{path}: 확장자는 다음 중 하나여야 합니다: {endings}",
                f"{path}: the ending must be one of {endings}",
            )
        )
    return kind(path, mapping)


def _shown(row: Row) -> Any:
    """Return the row as it was, digit for digit; as text if it is no JSON."""
    if not isinstance(row.original, bytes):
        return row.original
    try:
        orjson.loads(row.original)
    except orjson.JSONDecodeError:
        return row.original.decode(errors="replace")
    return orjson.Fragment(row.original)


def _object(document: Any) -> Mapping[str, Any]:
    return document if isinstance(document, dict) else {}


def _json(item: Mapping[str, Any]) -> bytes | Rejected:
    """Return an item as JSON; exact numbers become texts."""
    try:
        return orjson.dumps(item, default=str)
    except TypeError:  # something was kept of bytes that are no UTF-8
        return Rejected("not_utf8_text")
