"""The rules of access tokens, and of waiving a position of the ledger."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from events.access.commands import IssueToken, ReplaceTokenText, RevokeToken
from events.access.events import TokenIssued, TokenRevoked, TokenTextReplaced
from events.errors import Refused
from events.ledger.commands import AcceptLedger, WaivePosition
from events.ledger.decider import decide as decide_waiver
from events.ledger.events import LedgerRestored, PositionWaived
from tests.events.given import NOW, circumstances, given

HASH = "ab" * 32
ISSUED = TokenIssued(holder="person:anna", role="editor", token_sha256=HASH)
TOKEN = given("access", ISSUED)


def test_a_token_is_issued_to_a_person_or_a_feed() -> None:
    given("access").when(IssueToken(holder="person:anna", role="editor", token_sha256=HASH)).then(ISSUED)
    later = NOW + timedelta(days=90)
    state = (
        given("access")
        .when(IssueToken(holder="feed:erp", role="feed", token_sha256=HASH, expires_at=later))
        .then(TokenIssued(holder="feed:erp", role="feed", token_sha256=HASH, expires_at=later))
    )
    assert (state.holder, state.revoked) == ("feed:erp", False)


@pytest.mark.parametrize(("holder", "role"), [("feed:erp", "admin"), ("person:anna", "feed")])
def test_only_a_feed_has_the_role_feed(holder: str, role: str) -> None:
    command = IssueToken.model_validate({"holder": holder, "role": role, "token_sha256": HASH})
    given("access").when(command).refused("role_does_not_fit", "invalid", "/role")


def test_a_token_expires_in_the_future() -> None:
    command = IssueToken(holder="person:anna", role="viewer", token_sha256=HASH, expires_at=NOW)
    given("access").when(command).refused("expires_in_the_past", "invalid", "/expires_at")


def test_a_token_is_issued_once() -> None:
    TOKEN.when(IssueToken(holder="person:anna", role="viewer", token_sha256=HASH)).refused("token_exists")


def test_revoking_twice_is_one_revocation() -> None:
    assert TOKEN.when(RevokeToken()).then(TokenRevoked()).revoked
    TOKEN.and_then(TokenRevoked()).when(RevokeToken()).then()
    given("access").when(RevokeToken()).refused("token_unknown", "not_found")


def test_a_token_gets_another_text_unless_it_is_revoked() -> None:
    """The event of an earlier version has no hash of it at all."""
    before = TokenIssued(holder="person:anna", role="editor")
    command = ReplaceTokenText(token_sha256="cd" * 32)
    for events in (TOKEN, given("access", before)):
        assert events.when(command).then(TokenTextReplaced(token_sha256="cd" * 32)).token_sha256 == "cd" * 32
    TOKEN.when(ReplaceTokenText(token_sha256=HASH)).then()
    TOKEN.and_then(TokenRevoked()).when(command).then()
    given("access").when(command).refused("token_unknown", "not_found")


@pytest.mark.parametrize("hash_", ["", "AB" * 32, "ab" * 31, "x" * 64])
def test_a_hash_of_a_text_is_a_sha256(hash_: str) -> None:
    with pytest.raises(ValidationError):
        IssueToken(holder="person:anna", role="viewer", token_sha256=hash_)


@pytest.mark.parametrize("holder", ["anna", "system:x", "person:", "person:Anna Kim", "person:a.b"])
def test_a_holder_is_a_person_or_a_feed(holder: str) -> None:
    with pytest.raises(ValidationError):
        IssueToken(holder=holder, role="viewer", token_sha256=HASH)


def test_waiving_a_position_takes_a_reason() -> None:
    command = WaivePosition(position=17, hash="ab" * 32)
    with pytest.raises(Refused, match="reason_required"):
        decide_waiver(command, circumstances())
    waived = PositionWaived(position=17, hash="ab" * 32)
    assert decide_waiver(command, circumstances(reason="손상된 이벤트")) == [waived]


def test_accepting_a_ledger_takes_a_reason() -> None:
    command = AcceptLedger(epoch=2, cut=0, old_head=83)
    with pytest.raises(Refused, match="reason_required"):
        decide_waiver(command, circumstances())
    restored = LedgerRestored(epoch=2, cut=0, old_head=83)
    assert decide_waiver(command, circumstances(reason="디스크 고장")) == [restored]


@pytest.mark.parametrize(("position", "hash_"), [(0, "ab" * 32), (1, "xyz"), (1, "AB" * 32)])
def test_a_waiver_names_a_position_and_a_hash(position: int, hash_: str) -> None:
    with pytest.raises(ValidationError):
        WaivePosition(position=position, hash=hash_)
