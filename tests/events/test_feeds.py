"""The rules of a feed."""

import pytest
from pydantic import ValidationError

from events.feeds.commands import ChangeFeed, RegisterFeed
from events.feeds.events import FeedChanged, FeedDeclaration, FeedRegistered
from tests.events.given import given

DECLARED = FeedDeclaration(zone="Asia/Seoul", revisions=True, kpis=("revenue",))
REGISTERED = FeedRegistered(name="ERP", declaration=DECLARED)
FEED = given("feed", REGISTERED)


def test_a_feed_is_registered() -> None:
    command = RegisterFeed(name="ERP", zone="Asia/Seoul", revisions=True, kpis=("revenue",))
    state = given("feed").when(command).then(REGISTERED)
    assert (state.name, state.declaration) == ("ERP", DECLARED)


def test_nothing_is_declared_unless_said() -> None:
    given("feed").when(RegisterFeed(name="ERP")).then(
        FeedRegistered(name="ERP", declaration=FeedDeclaration(zone=None, revisions=False, kpis=None))
    )


def test_a_feed_is_registered_once() -> None:
    FEED.when(RegisterFeed(name="ERP")).refused("feed_exists")


def test_a_zone_exists() -> None:
    given("feed").when(RegisterFeed(name="ERP", zone="Seoul")).refused("zone_unknown", "invalid", "/zone")
    FEED.when(ChangeFeed(zone="Nowhere/City")).refused("zone_unknown", "invalid", "/zone")


def test_a_change_keeps_what_is_left_out() -> None:
    after = FeedDeclaration(zone="Asia/Seoul", revisions=False, kpis=("revenue",))
    state = FEED.when(ChangeFeed(revisions=False)).then(FeedChanged(old=DECLARED, new=after))
    assert (state.name, state.declaration) == ("ERP", after)


def test_null_clears_zone_and_kpis() -> None:
    after = FeedDeclaration(zone=None, revisions=True, kpis=None)
    FEED.when(ChangeFeed(zone=None, kpis=None, revisions=None)).then(FeedChanged(old=DECLARED, new=after))


def test_what_is_so_already_makes_no_event() -> None:
    FEED.when(ChangeFeed(zone="Asia/Seoul")).then()
    FEED.when(ChangeFeed()).then()


def test_only_a_registered_feed_changes() -> None:
    given("feed").when(ChangeFeed(revisions=True)).refused("feed_unknown", "not_found")


def test_the_kpis_are_ids() -> None:
    with pytest.raises(ValidationError):
        RegisterFeed(name="ERP", kpis=("Revenue!",))
    with pytest.raises(ValidationError):
        RegisterFeed(name="ERP", kpis=())
