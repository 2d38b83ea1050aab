"""Why an item is rejected: a stable code, where it is wrong, and one sentence for people."""

from __future__ import annotations

from typing import Any

from events.text import Language, Text

SENTENCES: dict[str, Text] = {
    # the item as text
    "malformed": Text("JSON이 아닙니다: {why}", "it is not JSON: {why}"),
    "not_utf8": Text("UTF-8이 아닙니다({byte}번째 바이트)", "it is not UTF-8 at byte {byte}"),
    "not_utf8_text": Text("UTF-8이 아닙니다", "it is not UTF-8"),
    "wrong_width": Text(
        "열이 {wanted}개가 아니라 {found}개입니다", "the row has {found} columns, not {wanted}"
    ),
    "row_too_long": Text(
        "행({first}~{last}번째 줄)이 {most}자를 넘습니다",
        "the row (lines {first} to {last}) has more than {most} characters",
    ),
    "quote_not_closed": Text(
        "행에서 연 따옴표가 파일 끝({last}번째 줄)까지 닫히지 않았습니다",
        "a quote in the row is not closed up to the end of the file (line {last})",
    ),
    "not_mapped": Text("{field} 값을 만들 수 없습니다: {why}", "{field} can't be made: {why}"),
    "time_not_read": Text("{field}: {why}", "{field}: {why}"),
    "units_differ": Text("단위가 서로 다릅니다: {units}", "it says different units: {units}"),
    "part_missing": Text("{field} 값이 비어 있어 만들 수 없습니다", "{field}, of which it is made, is empty"),
    "quotes_broken": Text(
        "행({first}~{last}번째 줄)의 따옴표가 맞지 않습니다."
        " 따옴표가 글자 그대로이면 매핑에 quote: none을 적으십시오",
        "the quotes of the row (lines {first} to {last}) do not fit: if a quote is a character like any"
        " other, say quote: none in the mapping",
    ),
    "number_not_read": Text("{field}: {why}", "{field}: {why}"),
    "named_twice": Text("{field} 항목이 한 객체에 두 번 있습니다", "{field} stands twice in one object"),
    "item_too_large": Text("항목이 {most} KiB를 넘습니다", "it has more than {most} KiB"),
    "item_too_complex": Text(
        "값이 {values}개를 넘거나 {depth}단계보다 깊습니다",
        "it holds more than {values} values, or values more than {depth} deep",
    ),
    "lone_surrogate": Text(
        "글자의 반쪽(짝이 없는 서로게이트)이 있어 텍스트로 읽을 수 없습니다",
        "it holds half of a character (a surrogate without the other one), which is no text",
    ),
    "not_an_object": Text("항목은 JSON 객체여야 합니다", "an item is a JSON object"),
    "not_a_cloudevent": Text(
        "data가 객체인 CloudEvents 1.0이 아닙니다: {why}",
        "it is not a CloudEvent 1.0 whose data is an object: {why}",
    ),
    "not_a_feed": Text(
        "{subject} 주제는 intake.<workspace>.<feed> 형식이 아닙니다",
        "{subject} is not intake.<workspace>.<feed>",
    ),
    "unknown_workspace": Text(
        "아이디가 {workspace}인 워크스페이스가 없습니다", "there is no workspace {workspace}"
    ),
    # its fields
    "missing": Text("{field} 항목이 없습니다", "{field} is missing"),
    "unknown_field": Text("{field} 항목은 알 수 없습니다", "there is no field {field}"),
    "not_a_text": Text("{field} 항목은 문자열이어야 합니다", "{field} must be a text"),
    "source_version_invalid": Text(
        "{field} 항목은 정수이거나 2026-03-31T18:00:00+09:00 같은 시각이어야 합니다",
        "{field} must be a whole number or a time such as 2026-03-31T18:00:00+09:00",
    ),
    "not_a_map_of_texts": Text(
        "{field} 항목은 문자열만 담은 객체여야 합니다",
        "{field} must be an object of texts",
    ),
    "wrong_length": Text("{field} 항목은 1~{most}자여야 합니다", "{field} must have 1 to {most} characters"),
    "too_many": Text(
        "{field} 항목은 {most}개까지 보낼 수 있습니다", "{field} may have at most {most} entries"
    ),
    "control_character": Text(
        "{field}에 표시할 수 없는 문자가 있습니다",
        "{field} holds a character that can't be shown",
    ),
    "invalid_number": Text(
        "{field} 항목은 정수부 26자리, 소수부 12자리 이내의 정확한 숫자여야 합니다",
        "{field}: {why}",
    ),
    "out_of_range": Text(
        "{field} 항목은 {least} 이상 {most} 이하여야 합니다",
        "{field} must be from {least} to {most}",
    ),
    # the KPI
    "unknown_kpi": Text("아이디가 {kpi}인 KPI가 없습니다", "there is no KPI {kpi}"),
    "kpi_retired": Text("KPI {kpi} 관리가 이미 끝났습니다", "the KPI {kpi} is retired"),
    "kpi_not_declared": Text(
        "연동 {feed}에는 아이디가 {kpi}인 KPI가 등록되어 있지 않습니다",
        "the feed {feed} is not declared to send the KPI {kpi}",
    ),
    "source_version_missing": Text(
        "연동 {feed}에는 버전을 보낸다고 등록되어 있는데 source_version이 없습니다",
        "the feed {feed} is declared to send versions, and the item has no source_version",
    ),
    "wrong_unit": Text(
        "KPI {kpi}의 단위는 {wanted}인데 {unit} 단위로 보냈습니다",
        "the KPI {kpi} is measured in {wanted}, not in {unit}",
    ),
    "value_missing": Text("KPI {kpi} 실적에는 value가 필요합니다", "a reading of {kpi} needs a value"),
    "value_not_allowed": Text(
        "KPI {kpi} 실적은 비율입니다. value 대신 numerator와 denominator를 보내십시오",
        "{kpi} is a ratio: send numerator and denominator, not a value",
    ),
    "parts_missing": Text(
        "KPI {kpi} 실적은 비율이므로 numerator와 denominator가 필요합니다",
        "{kpi} is a ratio: a reading needs numerator and denominator",
    ),
    "parts_not_allowed": Text(
        "KPI {kpi} 실적은 비율이 아닙니다. numerator와 denominator 대신 value를 보내십시오",
        "{kpi} is not a ratio: send a value, not numerator and denominator",
    ),
    # its time
    "time_missing": Text("observed_at 또는 period가 필요합니다", "observed_at or period is needed"),
    "time_twice": Text("observed_at과 period 중 하나만 보내십시오", "send observed_at or period, not both"),
    "time_invalid": Text(
        "observed_at은 2026-03-31T18:00:00+09:00 같은 시각이어야 합니다",
        "observed_at must be a time such as 2026-03-31T18:00:00+09:00",
    ),
    "time_without_zone": Text(
        "{field}에 시간대가 없고 연동 {feed}에도 등록된 시간대가 없습니다",
        "{field} has no zone, and the feed {feed} declares none",
    ),
    "hour_comes_twice": Text(
        "{zone}에 {time} 시각은 두 번 있습니다. 시간대 차이(+09:00)를 붙여 보내거나"
        " 매핑에 hour: earlier 또는 hour: later를 적으십시오",
        "{time} comes twice in {zone}: send it with its offset, or declare hour: earlier or later in a"
        " mapping",
    ),
    "hour_left_out": Text(
        "{zone}에 {time} 시각은 없습니다(시계를 앞당긴 시간)",
        "there is no {time} in {zone}: clocks were set forward over it",
    ),
    "period_invalid": Text(
        "period는 2026-03-31, 2026-W07, 2026-03, 2026-Q1, 2026-H1, 2026 가운데 한 형식이어야 합니다",
        "period must look like 2026-03-31, 2026-W07, 2026-03, 2026-Q1, 2026-H1 or 2026",
    ),
    "too_early": Text("{earliest} 이전의 실적은 받을 수 없습니다", "a reading can't be before {earliest}"),
    "in_the_future": Text(
        "{days}일 넘게 미래의 실적은 받을 수 없습니다",
        "it lies more than {days} day in the future",
    ),
}
"""By code."""


class Rejected(Exception):
    """An item can't be taken. It never keeps its neighbours from being taken."""

    def __init__(self, code: str, field: str | None = None, **values: Any) -> None:
        """`field` is the field of the item that is wrong, or a path such as `dimensions/region`."""
        super().__init__(code)
        self.code = code
        self.pointer = None if field is None else f"#/{field}"
        """JSON pointer within the item."""
        self._values = {"field": field, **values}

    def reason(self, language: Language = "en") -> str:
        """Return the sentence for a person."""
        values = {
            name: value.told(language) if isinstance(value, Text) else value
            for name, value in self._values.items()
        }
        return SENTENCES[self.code].told(language, values)

    def __str__(self) -> str:
        return self.reason()
