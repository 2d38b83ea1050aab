"""Why an item is rejected: a stable code, where it is wrong, and one sentence in English and Korean."""

from __future__ import annotations

from typing import Any, Literal

Language = Literal["ko", "en"]

SENTENCES: dict[str, tuple[str, str]] = {
    # the item as text
    "malformed": ("it is not JSON: {why}", "JSON이 아닙니다: {why}"),
    "not_utf8": ("it is not UTF-8 at byte {byte}", "UTF-8이 아닙니다({byte}번째 바이트)"),
    "not_utf8_text": ("it is not UTF-8", "UTF-8이 아닙니다"),
    "wrong_width": ("the row has {found} columns, not {wanted}", "열이 {wanted}개가 아니라 {found}개입니다"),
    "row_too_long": (
        "the row (lines {first} to {last}) has more than {most} characters",
        "행({first}~{last}번째 줄)이 {most}자를 넘습니다",
    ),
    "quote_not_closed": (
        "a quote in the row is not closed up to the end of the file (line {last})",
        "행에서 연 따옴표가 파일 끝({last}번째 줄)까지 닫히지 않았습니다",
    ),
    "not_mapped": ("{field} can't be made: {why}", "{field} 값을 만들 수 없습니다: {why}"),
    "named_twice": ("{field} stands twice in one object", "{field}(이)가 한 객체에 두 번 있습니다"),
    "not_an_object": ("an item is a JSON object", "항목은 JSON 객체여야 합니다"),
    "not_a_cloudevent": (
        "it is not a CloudEvent 1.0 whose data is an object: {why}",
        "data가 객체인 CloudEvents 1.0이 아닙니다: {why}",
    ),
    "not_a_feed": (
        "{subject} is not intake.<workspace>.<feed>",
        "{subject}(은)는 intake.<workspace>.<feed>가 아닙니다",
    ),
    "unknown_workspace": ("there is no workspace {workspace}", "워크스페이스 {workspace}(이)가 없습니다"),
    # its fields
    "missing": ("{field} is missing", "{field} 항목이 없습니다"),
    "unknown_field": ("there is no field {field}", "{field}(은)는 알 수 없는 항목입니다"),
    "not_a_text": ("{field} must be a text", "{field}(은)는 문자열이어야 합니다"),
    "not_an_integer": ("{field} must be a whole number", "{field}(은)는 정수여야 합니다"),
    "not_a_map_of_texts": (
        "{field} must be an object of texts",
        "{field}(은)는 문자열만 담은 객체여야 합니다",
    ),
    "wrong_length": ("{field} must have 1 to {most} characters", "{field}(은)는 1~{most}자여야 합니다"),
    "too_many": ("{field} may have at most {most} entries", "{field}(은)는 {most}개까지 보낼 수 있습니다"),
    "control_character": (
        "{field} holds a character that can't be shown",
        "{field}에 표시할 수 없는 문자가 있습니다",
    ),
    "invalid_number": (
        "{field}: {why}",
        "{field}(은)는 정수부 26자리, 소수부 12자리 이내의 정확한 숫자여야 합니다",
    ),
    "out_of_range": (
        "{field} must be from {least} to {most}",
        "{field}(은)는 {least} 이상 {most} 이하여야 합니다",
    ),
    # the KPI
    "unknown_kpi": ("there is no KPI {kpi}", "KPI {kpi}(이)가 없습니다"),
    "kpi_retired": ("the KPI {kpi} is retired", "KPI {kpi} 관리가 이미 끝났습니다"),
    "kpi_not_declared": (
        "the feed {feed} is not declared to send the KPI {kpi}",
        "연동 {feed}에는 KPI {kpi}(이)가 등록되어 있지 않습니다",
    ),
    "wrong_unit": (
        "the KPI {kpi} is measured in {wanted}, not in {unit}",
        "KPI {kpi}의 단위는 {unit}이(가) 아니라 {wanted}입니다",
    ),
    "value_missing": ("a reading of {kpi} needs a value", "KPI {kpi} 실적에는 value가 필요합니다"),
    "value_not_allowed": (
        "{kpi} is a ratio: send numerator and denominator, not a value",
        "KPI {kpi}(은)는 비율입니다. value 대신 numerator와 denominator를 보내십시오",
    ),
    "parts_missing": (
        "{kpi} is a ratio: a reading needs numerator and denominator",
        "KPI {kpi}(은)는 비율이므로 numerator와 denominator가 필요합니다",
    ),
    "parts_not_allowed": (
        "{kpi} is not a ratio: send a value, not numerator and denominator",
        "KPI {kpi}(은)는 비율이 아닙니다. numerator와 denominator 대신 value를 보내십시오",
    ),
    # its time
    "time_missing": ("observed_at or period is needed", "observed_at 또는 period가 필요합니다"),
    "time_twice": ("send observed_at or period, not both", "observed_at과 period 중 하나만 보내십시오"),
    "time_invalid": (
        "observed_at must be a time such as 2026-03-31T18:00:00+09:00",
        "observed_at은 2026-03-31T18:00:00+09:00 같은 시각이어야 합니다",
    ),
    "time_without_zone": (
        "observed_at has no zone, and the feed {feed} declares none",
        "observed_at에 시간대가 없고 연동 {feed}에도 등록된 시간대가 없습니다",
    ),
    "period_invalid": (
        "period must look like 2026-03-31, 2026-W07, 2026-03, 2026-Q1, 2026-H1 or 2026",
        "period는 2026-03-31, 2026-W07, 2026-03, 2026-Q1, 2026-H1, 2026 가운데 한 형식이어야 합니다",
    ),
    "too_early": ("a reading can't be before {earliest}", "{earliest} 이전의 실적은 받을 수 없습니다"),
    "in_the_future": (
        "it lies more than {days} day in the future",
        "{days}일 넘게 미래의 실적은 받을 수 없습니다",
    ),
}
"""English and Korean, by code."""


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
        """One sentence for a person."""
        return SENTENCES[self.code][language == "ko"].format_map(self._values)

    def __str__(self) -> str:
        return self.reason()
