"""What people write, all the way: readable in answers, in no stored byte and no log, gone with its key."""

from __future__ import annotations

import httpx
import pytest

from services.api.http.services import Services
from services.runtime.settings import Settings
from tests.api.conftest import Person, person
from tests.api.given_personal_text import NOTE, REASON, WHY, rows_with, told

WORDS = (REASON, "윗선", NOTE, "Monday", WHY, "sorry")

pytestmark = [pytest.mark.own_database, pytest.mark.usefixtures("projector")]


async def test_words_are_in_answers_only(
    anna: Person, services: Services, settings: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each is where it was asked for; neither ledger nor database nor log holds one."""
    for path, words in (await told(anna)).items():
        answer = await anna.get(path)
        assert words in answer.text, path
        assert "enc:1:" not in answer.text
    for path in (
        "/v1/objectives",
        "/v1/objectives/growth",
        "/v1/key-results/kr-acv",
        "/v1/audit",
        "/v1/readings",
    ):
        assert "enc:1:" not in (await anna.get(path)).text

    async for messages in services.ledger.read(settings.workspace, 0):
        for message in messages:
            assert not [words for words in WORDS if words.encode() in message.payload]
    assert await rows_with("enc:1:person.anna", settings)
    for words in WORDS:
        assert not await rows_with(words, settings)
    out, err = capfd.readouterr()
    assert not [words for words in WORDS if words in out + err]


async def test_words_are_gone_with_the_key(anna: Person, services: Services, settings: Settings) -> None:
    """After the key is destroyed each answer says so, in the reader's language; the facts stay."""
    places = await told(anna)
    assert await services.keys.destroy(settings.workspace, "person:anna")
    for path, words in places.items():
        english = await anna.get(path)
        korean = await anna.get(path, headers={"Accept-Language": "ko"})
        assert words not in english.text
        assert ("[erased]" in english.text, "[삭제됨]" in korean.text) == (True, True), path
    targets = await anna.read("/v1/key-results/kr-acv/targets")
    assert "90" in [post["new"] for post in targets["data"]]


async def test_stolen_sealed_text_stays_shut(
    anna: Person, http: httpx.AsyncClient, services: Services, settings: Settings
) -> None:
    """Who sends a sealed text of somebody else as a note or a title gets these characters back."""
    await told(anna)
    [stolen] = set(await rows_with("enc:1:person.anna:note", settings, column="state"))
    sealed = stolen[stolen.index("enc:1:person.anna:note") :].split('"')[0]
    eve = await person(http, services, "eve", "editor")
    eve.position = anna.position
    await eve.created(
        "/v1/key-results/kr-acv/check-ins", {"day": "2026-04-30", "confidence": 1, "note": sealed}
    )
    await eve.created("/v1/objectives", {"id": "stolen", "title": sealed, "cycle": "2026"})
    latest = (await eve.read("/v1/key-results/kr-acv/check-ins"))["data"][0]
    assert latest["note"] == sealed
    assert (await eve.read("/v1/objectives/stolen"))["title"] == sealed
