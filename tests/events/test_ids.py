"""Ids follow from what a caller sent, so that a retry makes the same ones."""

import re
import time
import uuid
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from events.ids import (
    Aggregate,
    Slug,
    event_id,
    ledger_subject,
    made_here,
    new_aggregate_id,
    reading_id,
    revision_id,
)

SLUGS = TypeAdapter(Slug)


def test_the_same_request_makes_the_same_ids() -> None:
    assert event_id("acme", "person:anna", "k", 0) == event_id("acme", "person:anna", "k", 0)
    assert new_aggregate_id("acme", "person:anna", "k", 0) == new_aggregate_id("acme", "person:anna", "k", 0)


def test_workspace_actor_key_and_number_make_ids_differ() -> None:
    ids = {
        event_id("acme", "person:anna", "k", 0),
        event_id("acme", "person:anna", "k", 1),
        event_id("acme", "person:anna", "l", 0),
        event_id("acme", "person:bora", "k", 0),
        event_id("other", "person:anna", "k", 0),
        UUID(new_aggregate_id("acme", "person:anna", "k", 0)),
        reading_id("acme", "person:anna", "0", "k"),
    }
    assert len(ids) == 7


def test_the_number_is_no_part_of_the_key() -> None:
    """A key may hold any character and still not look like another request."""
    assert event_id("acme", "a", "1\x00k", 0) != event_id("acme", "a", "k", 1)
    assert event_id("acme", "a", "k1", 1) != event_id("acme", "a", "k", 11)


def test_ids_without_a_key_are_new_and_in_order_of_time() -> None:
    """UUIDv7: RFC 9562 version 7, variant 10, milliseconds first."""
    first, second = event_id("acme", "a", None, 0), event_id("acme", "a", None, 0)
    assert first != second
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert abs((first.int >> 80) - time.time_ns() // 1_000_000) < 10_000


@given(st.uuids(), st.text())
def test_ids_that_follow_are_version_5_of_the_standard_library(reading: UUID, source_id: str) -> None:
    assert revision_id(reading, 3) == uuid.uuid5(reading, "3")
    assert reading_id("acme", "erp", "revenue", source_id).version == 5


def test_an_identity_never_changes() -> None:
    """These are on ledgers: another result would make every known reading look new."""
    assert reading_id("acme", "erp", "revenue", "SO-1") == UUID("bb8b8c8e-8487-5e0e-aa72-0f3cca8a2d80")
    assert event_id("acme", "person:anna", "k", 0) == UUID("6b223f68-447a-591c-bdc9-d6864994979e")


def test_revision_zero_is_the_reading() -> None:
    reading = reading_id("acme", "erp", "revenue", "SO-1")
    assert revision_id(reading, 0) == reading
    assert len({revision_id(reading, n) for n in range(50)}) == 50


def test_an_aggregate_has_one_literal_subject() -> None:
    assert ledger_subject("acme", Aggregate("kpi", "revenue")) == "ledger.acme.kpi.revenue"


@pytest.mark.parametrize(
    "slug", ["a", "0", "2025-q1", "s1_kpi-acv", "x" * 63, "0198c2b4-5f1e-7d3a-9c40-2b6f0a1d7e55"]
)
def test_slugs(slug: str) -> None:
    assert SLUGS.validate_python(slug) == slug
    assert re.fullmatch("[^.*> ]+", slug)


@pytest.mark.parametrize(
    "slug", ["", "-a", "_a", "A", "a.b", "a*", "a>", "a b", "x" * 64, "목표", "a\n", "a/b"]
)
def test_what_is_not_safe_in_a_subject_is_no_slug(slug: str) -> None:
    with pytest.raises(ValidationError):
        SLUGS.validate_python(slug)


def test_ids_that_the_server_made_are_told_from_others() -> None:
    assert made_here(new_aggregate_id("acme", "person:anna", "key", 0))
    assert made_here(new_aggregate_id("acme", "person:anna", None, 0))
    for chosen in (
        "anna",
        "",
        "x" * 36,
        "0198C2B4-5F1E-7D3A-9C40-2B6F0A1D7E55",
        "0198c2b45f1e7d3a9c402b6f0a1d7e55",
    ):
        assert not made_here(chosen)
