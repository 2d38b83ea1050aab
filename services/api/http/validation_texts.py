"""Korean sentences for what pydantic finds wrong; the English ones are pydantic's own or the model's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KOREAN: dict[str, str] = {
    "missing": "필수 값이 없습니다",
    "extra_forbidden": "알 수 없는 항목입니다",
    "string_type": "문자열이어야 합니다",
    "string_too_short": "{min_length}자 이상이어야 합니다",
    "string_too_long": "{max_length}자 이하여야 합니다",
    "string_pattern_mismatch": "형식이 맞지 않습니다: {pattern}",
    "int_type": "정수여야 합니다",
    "int_parsing": "정수여야 합니다",
    "int_from_float": "정수여야 합니다",
    "bool_type": "true 또는 false여야 합니다",
    "bool_parsing": "true 또는 false여야 합니다",
    "greater_than": "{gt}보다 커야 합니다",
    "greater_than_equal": "{ge} 이상이어야 합니다",
    "less_than": "{lt}보다 작아야 합니다",
    "less_than_equal": "{le} 이하여야 합니다",
    "literal_error": "다음 중 하나여야 합니다: {expected}",
    "enum": "다음 중 하나여야 합니다: {expected}",
    "date_type": "날짜(YYYY-MM-DD)여야 합니다",
    "date_parsing": "날짜(YYYY-MM-DD)여야 합니다",
    "date_from_datetime_parsing": "날짜(YYYY-MM-DD)여야 합니다",
    "date_from_datetime_inexact": "시각이 없는 날짜(YYYY-MM-DD)여야 합니다",
    "datetime_type": "시각(RFC 3339)이어야 합니다",
    "datetime_parsing": "시각(RFC 3339)이어야 합니다",
    "datetime_from_date_parsing": "시각(RFC 3339)이어야 합니다",
    "timezone_aware": "시각에는 시간대(offset)가 있어야 합니다",
    "uuid_type": "UUID여야 합니다",
    "uuid_parsing": "UUID여야 합니다",
    "model_type": "객체여야 합니다",
    "model_attributes_type": "객체여야 합니다",
    "dict_type": "객체여야 합니다",
    "list_type": "목록이어야 합니다",
    "tuple_type": "목록이어야 합니다",
    "too_long": "항목은 {max_length}개 이하여야 합니다",
    "too_short": "항목은 {min_length}개 이상이어야 합니다",
}


def korean(error: Mapping[str, Any]) -> str:
    """One pydantic error in Korean. A model's own rule carries its sentence in the error's context."""
    context = error.get("ctx") or {}
    if "ko" in context:
        return str(context["ko"])
    template = _KOREAN.get(str(error["type"]))
    if template is None:
        return f"올바르지 않은 값입니다: {str(error['msg']).removeprefix('Value error, ')}"
    if "expected" in context:  # pydantic joins the last choice with an English "or"
        context = {**context, "expected": str(context["expected"]).replace(" or ", ", ")}
    return template.format_map(context)
