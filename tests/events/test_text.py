"""Texts in Korean and English, and the Korean particles that fit the word before them."""

import re
from pathlib import Path

import pytest

from events.text import Text

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("납기", "납기가 납기는 납기를 납기와 납기로 납기라"),
        ("완료율", "완료율이 완료율은 완료율을 완료율과 완료율로 완료율이라"),
        ("‘품질’", "‘품질’이 ‘품질’은 ‘품질’을 ‘품질’과 ‘품질’로 ‘품질’이라"),
        (
            "매출 목표값",
            "매출 목표값이 매출 목표값은 매출 목표값을 매출 목표값과 매출 목표값으로 매출 목표값이라",
        ),
        ("금액(ACV)", "금액(ACV)이 금액(ACV)은 금액(ACV)을 금액(ACV)과 금액(ACV)으로 금액(ACV)이라"),
        ("2026-03-01", "2026-03-01이 2026-03-01은 2026-03-01을 2026-03-01과 2026-03-01로 2026-03-01이라"),
        ("'KR3'", "'KR3'이 'KR3'은 'KR3'을 'KR3'과 'KR3'으로 'KR3'이라"),
        ("USD", "USD가 USD는 USD를 USD와 USD로 USD라"),
        ("HTML", "HTML이 HTML은 HTML을 HTML과 HTML로 HTML이라"),
        ("sales", "sales이(가) sales은(는) sales을(를) sales과(와) sales(으)로 sales(이)라"),
    ],
)
def test_every_particle_follows_the_sound_before_it(word: str, said: str) -> None:
    """Behind ㄹ it is 로. Both forms stay where nobody knows the sound, as of a foreign word."""
    text = Text("{word}이(가) {word}은(는) {word}을(를) {word}과(와) {word}(으)로 {word}(이)라", "{word}")
    assert text.told("ko", {"word": word}) == said
    assert text.told("en", {"word": word}) == word


def test_a_text_that_is_complete_keeps_its_braces() -> None:
    assert Text("{a}", "{b}").told("ko") == "{a}"


@pytest.mark.parametrize("layer", ["events", "projections", "services"])
def test_no_other_form_is_written(layer: str) -> None:
    """A particle in another form, such as (은)는, would be shown as it stands."""
    wrong = re.compile(
        r"\(이\)가|\(은\)는|\(을\)를|와\(과\)|\(와\)과|\(과\)와|으로\(로\)|로\(으로\)|가\(이\)|는\(은\)|를\(을\)"
    )
    found = [str(file) for file in (ROOT / layer).rglob("*.py") if wrong.search(file.read_text())]
    assert not found
