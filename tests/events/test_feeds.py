"""The rules of a feed."""

import json

import pytest
from pydantic import ValidationError

from events.envelope import Event, decode
from events.feeds.commands import ChangeFeed, RegisterFeed
from events.feeds.events import FeedChanged, FeedDeclaration, FeedRegistered
from tests.events.given import given

DECLARED = FeedDeclaration(zone="Asia/Seoul", revisions="in_order", kpis=("revenue",))
REGISTERED = FeedRegistered(name="ERP", declaration=DECLARED)
FEED = given("feed", REGISTERED)


def test_a_feed_is_registered() -> None:
    command = RegisterFeed(name="ERP", zone="Asia/Seoul", revisions="in_order", kpis=("revenue",))
    state = given("feed").when(command).then(REGISTERED)
    assert (state.name, state.declaration) == ("ERP", DECLARED)


def test_nothing_is_declared_unless_said() -> None:
    given("feed").when(RegisterFeed(name="ERP")).then(
        FeedRegistered(name="ERP", declaration=FeedDeclaration(zone=None, revisions="none", kpis=None))
    )


def test_a_feed_is_registered_once() -> None:
    FEED.when(RegisterFeed(name="ERP")).refused("feed_exists")


def test_a_zone_exists() -> None:
    given("feed").when(RegisterFeed(name="ERP", zone="Seoul")).refused("zone_unknown", "invalid", "/zone")
    FEED.when(ChangeFeed(zone="Nowhere/City")).refused("zone_unknown", "invalid", "/zone")


def test_a_change_keeps_what_is_left_out() -> None:
    after = FeedDeclaration(zone="Asia/Seoul", revisions="none", kpis=("revenue",))
    state = FEED.when(ChangeFeed(revisions="none")).then(FeedChanged(old=DECLARED, new=after))
    assert (state.name, state.declaration) == ("ERP", after)


def test_null_clears_zone_and_kpis() -> None:
    after = FeedDeclaration(zone=None, revisions="in_order", kpis=None)
    FEED.when(ChangeFeed(zone=None, kpis=None, revisions=None)).then(FeedChanged(old=DECLARED, new=after))


def test_what_is_so_already_makes_no_event() -> None:
    FEED.when(ChangeFeed(zone="Asia/Seoul")).then()
    FEED.when(ChangeFeed()).then()


def test_only_a_registered_feed_changes() -> None:
    given("feed").when(ChangeFeed(revisions="in_order")).refused("feed_unknown", "not_found")


def test_the_kpis_are_ids() -> None:
    with pytest.raises(ValidationError):
        RegisterFeed(name="ERP", kpis=("Revenue!",))
    with pytest.raises(ValidationError):
        RegisterFeed(name="ERP", kpis=())


@pytest.mark.parametrize(("said", "word"), [(True, "in_order"), (False, "none"), (None, None)])
def test_true_and_false_are_still_taken(said: bool | None, word: str | None) -> None:
    """As senders said it before there were words for it."""
    assert ChangeFeed.model_validate({"revisions": said}).revisions == word
    if said is not None:
        assert RegisterFeed.model_validate({"name": "ERP", "revisions": said}).revisions == word


@pytest.mark.parametrize("said", ["sometimes", "true", 1, 0, [], "None"])
def test_revisions_are_one_of_three_words(said: object) -> None:
    with pytest.raises(ValidationError):
        RegisterFeed.model_validate({"name": "ERP", "revisions": said})


def _version_1(name: str, data: dict[str, object]) -> Event:
    """An event as the ledgers of the first version hold it."""
    document = {
        "specversion": "1.0",
        "id": "6f1d3c2e-58a4-5b0e-9d57-0c1a7e4b2f90",
        "type": f"goaltrail.feed.{name}.v1",
        "source": "/goaltrail/main",
        "subject": "feed/erp",
        "time": "2026-03-01T00:00:00Z",
        "actor": "person:anna",
        "data": data,
    }
    return decode(json.dumps(document).encode())


def test_feeds_of_before_go_on_as_they_were() -> None:
    """What sent revisions is compared in order; what said nothing of them sends none."""
    registered = _version_1("registered", {"name": "ERP", "declaration": {"revisions": True}})
    assert registered.data == FeedRegistered(name="ERP", declaration=FeedDeclaration(revisions="in_order"))
    silent = _version_1("registered", {"name": "ERP", "declaration": {"zone": "UTC"}})
    assert silent.data == FeedRegistered(name="ERP", declaration=FeedDeclaration(zone="UTC"))
    changed = _version_1("changed", {"old": {"revisions": False}, "new": {"revisions": True}})
    assert changed.data == FeedChanged(
        old=FeedDeclaration(revisions="none"), new=FeedDeclaration(revisions="in_order")
    )
