"""Why somebody cannot be named, or can do nothing more."""

from events.errors import Refused


def unknown_person(pointer: str | None = None) -> Refused:
    """Return the refusal of an id that is nobody's; `pointer` is the field of the command that names it."""
    return Refused(
        "person_unknown",
        "there is no such person",
        "없는 구성원입니다",
        kind="not_found" if pointer is None else "invalid",
        pointer=pointer,
    )


def forgotten_person(person: str, pointer: str | None = None) -> Refused:
    """Return the refusal to record anything new of, or by, somebody who was forgotten."""
    return Refused(
        "person_forgotten",
        f"the person {person} was forgotten: nothing new is recorded under this id",
        f"구성원 {person}의 개인 정보는 지워졌습니다. 이 아이디로는 더 기록할 수 없습니다",
        pointer=pointer,
    )
