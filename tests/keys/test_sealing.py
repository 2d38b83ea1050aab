"""The cipher alone: what opens a text, and what does not."""

from __future__ import annotations

import os
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.keys.sealing import MasterKey, PersonKey, Place, Sealed, UnreadableError, seal, unseal

PLACE = Place("main", "person.anna", UUID(int=7), "note")


def parsed(text: str) -> Sealed:
    sealed = Sealed.parse(text)
    assert sealed is not None
    return sealed


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back(text: str) -> None:
    """What was sealed is opened to the very same text."""
    key = PersonKey.generate()
    assert unseal(key, "main", parsed(seal(key, PLACE, text))) == text


def test_text_is_not_in_what_is_stored() -> None:
    """Nothing of the text can be read off, not even that two texts are the same."""
    key = PersonKey.generate()
    first, second = seal(key, PLACE, "월급이 적다"), seal(key, PLACE, "월급이 적다")
    assert first != second
    assert "월급" not in first
    assert first.startswith("enc:1:person.anna:note:")


@pytest.mark.parametrize(
    "changed",
    [
        {"owner": "person.bora"},
        {"field": "reason"},
        {"event": uuid4()},
        {"nonce": os.urandom(12)},
        {"ciphertext": os.urandom(40)},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_moved_or_changed_text_does_not_open(changed: dict[str, object]) -> None:
    """Owner, field and event belong to the text: under another one it does not open."""
    key = PersonKey.generate()
    sealed = parsed(seal(key, PLACE, "because"))
    parts = {name: getattr(sealed, name) for name in Sealed.__slots__} | changed
    with pytest.raises(UnreadableError):
        unseal(key, "main", Sealed(**parts))


def test_other_workspace_and_other_key_do_not_open_it() -> None:
    """A text does not open in another workspace, nor with another key."""
    key = PersonKey.generate()
    sealed = parsed(seal(key, PLACE, "because"))
    with pytest.raises(UnreadableError):
        unseal(key, "other", sealed)
    with pytest.raises(UnreadableError):
        unseal(PersonKey(key.id, os.urandom(32)), "main", sealed)


@pytest.mark.parametrize(
    "text", ["", "because", "enc:1:", "enc:1:person.anna:note:short", "enc:2:person.anna:note:" + "A" * 80]
)
def test_ordinary_text_is_no_sealed_text(text: str) -> None:
    """Text that only looks a little like it is left alone."""
    assert Sealed.parse(text) is None


def test_wrapped_key_opens_only_for_its_holder() -> None:
    """A wrapped key can't be given to another person, workspace or id, nor opened by another master key."""
    master, key = MasterKey(bytes(32)), PersonKey.generate()
    wrapped = master.wrap("main", "person.anna", key)
    assert master.unwrap("main", "person.anna", key.id, wrapped) == key
    for workspace, owner, key_id in (
        ("other", "person.anna", key.id),
        ("main", "person.bora", key.id),
        ("main", "person.anna", os.urandom(8)),
    ):
        with pytest.raises(UnreadableError):
            master.unwrap(workspace, owner, key_id, wrapped)
    with pytest.raises(UnreadableError):
        MasterKey(bytes(31) + b"x").unwrap("main", "person.anna", key.id, wrapped)
    with pytest.raises(UnreadableError):
        master.unwrap("main", "person.anna", key.id, "rubbish")
