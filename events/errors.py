"""Refusals of deciders, with a code and a sentence in both languages."""

from collections.abc import Sequence
from typing import Literal

from pydantic_core import PydanticCustomError

from events.text import Text

RefusalKind = Literal["conflict", "invalid", "not_found", "forbidden"]


class BilingualError(Exception):
    """An error with one sentence for a person. As a string it is the English one."""

    def __init__(self, text: Text | str) -> None:
        """`text`: in both languages, or as somebody else reports it, in the language it came in."""
        self.text = Text(text, text) if isinstance(text, str) else text
        super().__init__(self.text.en)


class Refused(Exception):
    """A command is not allowed. Carries a stable code and one sentence each in English and Korean.

    kind: `conflict` a step that is not allowed now (`allowed` names the steps that are), `invalid` a value
    that is never right (`pointer` says which field of the command), `not_found` or `forbidden`.
    """

    def __init__(
        self,
        code: str,
        en: str,
        ko: str,
        *,
        kind: RefusalKind = "conflict",
        allowed: Sequence[str] = (),
        pointer: str | None = None,
    ) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.text = Text(ko, en)
        self.kind: RefusalKind = kind
        self.allowed = list(allowed)
        self.pointer = pointer


def broken(code: str, en: str, ko: str) -> PydanticCustomError:
    """Return the error that a validator raises about values that contradict each other, in both languages."""
    # The texts travel in the context: a message template would take braces for placeholders.
    return PydanticCustomError(code, "{en}", {"en": en, "ko": ko})


def own_request() -> Refused:
    """Return how a yes to one's own request is refused: it takes a second person."""
    return Refused(
        "own_request",
        "somebody else approves what you asked for",
        "직접 요청한 것은 다른 사람이 승인해야 합니다",
        kind="forbidden",
    )
