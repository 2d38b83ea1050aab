"""Refusals that several rules of objectives share."""

from collections.abc import Sequence

from events.cycles.state import Cycle
from events.errors import Refused
from events.text import Text


def key_result_exists(id_: str, *, pointer: str | None = None, allowed: Sequence[str] = ()) -> Refused:
    """Return the refusal of an id that a key result has already."""
    return Refused(
        "key_result_exists",
        f"there is a key result {id_} already",
        f"핵심 결과 {id_} 아이디가 이미 있습니다",
        pointer=pointer,
        allowed=allowed,
    )


def cycle_over(cycle: Cycle, what: Text, *, pointer: str) -> Refused:
    """Return the refusal to move a final figure without naming a day of the cycle that is over."""
    return Refused(
        "cycle_over",
        f"the cycle {cycle.id} was over on {cycle.end}: name the day of it {what.en}",
        f"사이클 {cycle.id}은(는) {cycle.end}에 끝났습니다. {what.ko} 사이클의 날짜를 적으십시오",
        kind="invalid",
        pointer=pointer,
    )
