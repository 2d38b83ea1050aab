"""Korean particles, which follow from the sound that the word before them ends with."""

import re
from collections.abc import Callable

_AFTER = re.compile(r"(\{[a-z_.]+\})(’?)을\(를\)")
_BRACKETED = re.compile(r"[(（][^()（）]*[)）]\s*$")
_SYLLABLES = ("가", "힣")
_FINALS = 28
"""So many syllables begin alike: the first of them ends in a vowel, all others in a consonant."""
_CONSONANTS = frozenset("013678LMNR")
"""Digits and letters whose Korean names end in a consonant."""
_VOWELS = frozenset("2459%ABCDEFGHIJKOPQSTUVWXYZ")


def with_particles(template: str, said: Callable[[str], str]) -> str:
    """A template in which 을(를) behind a placeholder is the one that fits; `said` fills a placeholder in.

    Where the sound is not known, as of a foreign word, both stay.
    """
    return _AFTER.sub(lambda found: found[1] + found[2] + object_particle(said(found[1])), template)


def object_particle(word: str) -> str:
    """을 behind a consonant, 를 behind a vowel, 을(를) if the sound is not known.

    What stands in brackets at the end does not count: 평균 계약 금액(ACV)을.
    """
    spoken = _BRACKETED.sub("", word).rstrip(" .!?’”'\"") or word
    last, before = spoken[-1:], spoken[-2:-1]
    if _SYLLABLES[0] <= last <= _SYLLABLES[1]:
        return "을" if (ord(last) - ord("가")) % _FINALS else "를"
    # A letter is called by its name in an abbreviation; of a word nobody knows how it is spoken.
    if last.isalpha() and before.isalpha() and not before.isupper():
        return "을(를)"
    if last in _CONSONANTS:
        return "을"
    return "를" if last in _VOWELS else "을(를)"
