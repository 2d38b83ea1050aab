"""Words and sentences for people, each in Korean and in English."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from events.korean import with_particles

Language = Literal["ko", "en"]


def counted(number: int, noun: str) -> str:
    """Return an English noun behind its number: 1 reading, 2,000 readings."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


class Text(NamedTuple):
    """A text in both languages. In Korean 이(가), 을(를) and the like become the particle that fits."""

    ko: str
    en: str

    def told(self, language: Language, values: Mapping[str, object] | None = None) -> str:
        """Return the text in one language, with its placeholders replaced if there are values for them."""
        text = self.ko if language == "ko" else self.en
        if values is not None:
            text = text.format_map(values)
        return with_particles(text) if language == "ko" else text
