"""Every exception that has a problem document is told in both languages, with what it names filled in."""

from __future__ import annotations

from typing import Literal

import pytest
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from events.errors import Refused
from services.api.http import error_handlers
from services.api.http.problems import Problem
from services.api.http.validation_texts import korean
from services.commands.errors import ClockAhead, KeyInFlight, KeyReused, Stale, TooContended
from services.ledger import InvalidAppend, LedgerUnavailable, LedgerUncertain, WorkspaceUnknown
from services.ledger.positions import LedgerPosition, OldEpoch
from services.postgres.views import (
    LedgerDiffers,
    NotBuilt,
    NotThereYet,
    ViewsBusy,
    ViewsDamaged,
    ViewsNewer,
    ViewsUnavailable,
)
from services.queries.lookup import NotFound

MISSING = {"type": "missing", "loc": ("body", "title"), "msg": "Field required", "input": {}}

TOLD: list[tuple[Exception, int, str]] = [
    (Problem(418, "teapot", "It is a teapot.", "찻주전자입니다."), 418, "teapot"),
    (HTTPException(404), 404, "There is nothing at this address."),
    (RequestValidationError([MISSING]), 422, ""),
    (Refused("wrong", "it is wrong", "틀렸습니다"), 409, "it is wrong"),
    (NotFound("key_result", "r1"), 404, "There is no key result 'r1'."),
    (Stale(LedgerPosition(7, 2), 9), 412, "revision 9@2, not 7@2"),
    (OldEpoch(1, 2), 409, "of epoch 1; since then the ledger was restored and is in epoch 2"),
    (KeyReused(), 422, "for another request"),
    (KeyInFlight(), 409, "ask again"),
    (ClockAhead(), 503, "clock"),
    (TooContended(), 503, "Try again"),
    (NotThereYet(8, 5), 503, "at position 5, not yet at 8"),
    (LedgerDiffers("main"), 503, "goaltrail doctor"),
    (ViewsDamaged("why"), 503, "built anew"),
    (ViewsNewer(9, 8), 503, "of version 9 and this program knows 8"),
    (ViewsBusy("why"), 503, "Try again"),
    (ViewsUnavailable("why"), 503, "PostgreSQL"),
    (NotBuilt("why"), 503, "PostgreSQL"),
    (LedgerUnavailable("why"), 503, "nothing was changed"),
    (LedgerUnavailable("why", storage_full=True), 507, "full"),
    (LedgerUncertain("why"), 503, "Idempotency-Key"),
    (LedgerUncertain("why", storage_full=True), 507, "full"),
    (WorkspaceUnknown("acme"), 404, "There is no workspace 'acme'."),
    (InvalidAppend("an event has 9 bytes"), 413, "an event has 9 bytes."),
]


@pytest.mark.parametrize(("error", "status", "says"), TOLD, ids=lambda part: type(part).__name__)
def test_an_exception_is_told(error: Exception, status: int, says: str) -> None:
    """The status, and a sentence in each language without a gap in it."""
    problem = error_handlers.problem_of(error)
    assert problem is not None
    assert problem.status_code == status
    assert problem.code == "teapot" or says in problem.text.en
    headers = problem.headers or {}
    for told in (problem.text.en, problem.text.ko, *headers.values()):
        assert told
        assert "{" not in told
    assert (problem.status_code == 503) <= ("Retry-After" in headers)


def test_every_kind_is_told_here() -> None:
    """The table above names each that is registered; what nobody expected has none."""
    assert {type(error) for error, _, _ in TOLD} - {NotBuilt} == set(error_handlers._PROBLEMS)
    assert error_handlers.problem_of(KeyError()) is None


def test_choices_in_korean_have_no_english_or_between_them() -> None:
    class Sent(BaseModel):
        kind: Literal["flow", "ratio", "stock"]

    with pytest.raises(ValidationError) as wrong:
        Sent.model_validate({"kind": "vibes"})
    assert korean(wrong.value.errors()[0]) == "다음 중 하나여야 합니다: 'flow', 'ratio', 'stock'"
