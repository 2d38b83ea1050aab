"""Refusals that several rules of objectives share."""

from collections.abc import Sequence

from events.errors import Refused


def key_result_exists(id_: str, *, pointer: str | None = None, allowed: Sequence[str] = ()) -> Refused:
    """Return the refusal of an id that a key result has already."""
    return Refused(
        "key_result_exists",
        f"there is a key result {id_} already",
        f"핵심 결과 {id_} 아이디가 이미 있습니다",
        pointer=pointer,
        allowed=allowed,
    )
