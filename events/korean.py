"""Choose Korean particles, which follow from the sound that the word before them ends with."""

import re
from typing import Literal

_PARTICLES = {
    "이(가)": ("이", "가"),
    "은(는)": ("은", "는"),
    "을(를)": ("을", "를"),
    "과(와)": ("과", "와"),
    "(으)로": ("으로", "로"),
    "(이)라": ("이라", "라"),
}
"""As a sentence writes it before the word is known: the form behind a consonant, the one behind a vowel."""
_WRITTEN = re.compile("|".join(map(re.escape, _PARTICLES)))
_BRACKETED = re.compile(r"[(（][^()（）]*[)）]\s*$")
_SYLLABLES = ("가", "힣")
_FINALS = 28
"""So many syllables begin alike: the first of them ends in a vowel, all others in a consonant."""
_L = 8
"""The number of the final consonant ㄹ, behind which it is 로, not 으로."""
_ENDS_IN_L = frozenset("178LR")
"""Digits and letters whose Korean names end in ㄹ."""
_ENDS_IN_CONSONANT = frozenset("036MN")
_ENDS_IN_VOWEL = frozenset("2459%ABCDEFGHIJKOPQSTUVWXYZ")
_SILENT = " .!?’”'\""


def with_particles(text: str) -> str:
    """Return a Korean text with the particles that fit instead of 이(가), 은(는), 을(를) and the like.

    Both forms stay behind a word whose sound is not known, such as a foreign one.
    """
    return _WRITTEN.sub(lambda found: _fitting(text[: found.start()], found[0]), text)


def _fitting(before: str, particle: str) -> str:
    """Return the form of a particle behind a text. Brackets at its end do not count: 평균 금액(ACV)을."""
    sound = _final_sound(_BRACKETED.sub("", before.rstrip(_SILENT)).rstrip(_SILENT) or before)
    if sound is None:
        return particle
    behind_consonant, behind_vowel = _PARTICLES[particle]
    return behind_vowel if sound == "vowel" or (sound == "ㄹ" and behind_vowel == "로") else behind_consonant


def _final_sound(word: str) -> Literal["vowel", "ㄹ", "consonant"] | None:
    """Return what the sound of a word ends with; None if nobody knows how it is spoken."""
    last, before = word[-1:], word[-2:-1]
    if _SYLLABLES[0] <= last <= _SYLLABLES[1]:
        final = (ord(last) - ord("가")) % _FINALS
        return "vowel" if final == 0 else "ㄹ" if final == _L else "consonant"
    # A letter is called by its name in an abbreviation; a foreign word is not spelt out.
    if last.isalpha() and before.isalpha() and not before.isupper():
        return None
    if last in _ENDS_IN_VOWEL:
        return "vowel"
    return "ㄹ" if last in _ENDS_IN_L else "consonant" if last in _ENDS_IN_CONSONANT else None
