"""The cipher and its forms: sealed text on the ledger, and a person's key wrapped by the master key.

Both are AES-256-GCM with a random nonce of 96 bits (NIST SP 800-38D); a key seals far fewer than the 2^32
texts up to which random nonces are safe.

Sealed text is `enc:1:<owner>:<field>:<base64url>`; the last part holds the id of the key (8 bytes), the id of
the event (16), the nonce (12) and the ciphertext with its tag. Workspace, owner, event and field are
authenticated with it: text moved to another event, field or workspace does not open there.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

SEALED_PREFIX = "enc:1:"

_NONCE = 12
_KEY_ID = 8
_EVENT_ID = 16
_SEALED = re.compile(r"enc:1:([a-z]+\.[a-z0-9_-]+):([a-z_]+):([A-Za-z0-9_-]{70,})")


class UnreadableError(Exception):
    """Sealed text or a wrapped key that this key does not open: changed, moved, or of another key."""


class PersonKey(NamedTuple):
    """A person's key. `id` is random and tells a key from a later one of the same person."""

    id: bytes
    secret: bytes

    @staticmethod
    def generate() -> PersonKey:
        """Return a new random key."""
        return PersonKey(os.urandom(_KEY_ID), AESGCM.generate_key(256))


class Place(NamedTuple):
    """Where a text stands: its workspace, event and field, and whose text it is."""

    workspace: str
    owner: str
    event: UUID
    field: str

    @property
    def authenticated(self) -> bytes:
        """What is authenticated with the text; no part can hold the separator."""
        return _joined("text", self.workspace, self.owner, self.event.hex, self.field)


@dataclass(frozen=True, slots=True)
class Sealed:
    """Sealed text, taken apart."""

    owner: str
    field: str
    key_id: bytes
    event: UUID
    nonce: bytes
    ciphertext: bytes

    @staticmethod
    def parse(text: str) -> Sealed | None:
        """Return the parts of a sealed text; None if it is ordinary text."""
        match = _SEALED.fullmatch(text)
        if match is None:
            return None
        owner, field, encoded = match.groups()
        try:
            raw = _unbase64(encoded)
        except binascii.Error:
            return None
        event_at, nonce_at = _KEY_ID, _KEY_ID + _EVENT_ID
        return Sealed(
            owner,
            field,
            raw[:event_at],
            UUID(bytes=raw[event_at:nonce_at]),
            raw[nonce_at : nonce_at + _NONCE],
            raw[nonce_at + _NONCE :],
        )


def seal(key: PersonKey, place: Place, text: str) -> str:
    """Sealed text for this place only."""
    nonce = os.urandom(_NONCE)
    ciphertext = AESGCM(key.secret).encrypt(nonce, text.encode(), place.authenticated)
    encoded = _base64(key.id + place.event.bytes + nonce + ciphertext)
    return f"{SEALED_PREFIX}{place.owner}:{place.field}:{encoded}"


def unseal(key: PersonKey, workspace: str, sealed: Sealed) -> str:
    """Return the text. Raises UnreadableError."""
    place = Place(workspace, sealed.owner, sealed.event, sealed.field)
    try:
        return AESGCM(key.secret).decrypt(sealed.nonce, sealed.ciphertext, place.authenticated).decode()
    except InvalidTag:
        raise UnreadableError(
            f"a text of {sealed.owner} in event {sealed.event} was changed or moved"
        ) from None


class MasterKey:
    """The key that wraps every person's key. It is never stored on the ledger, in a view or in a backup."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)
        self.fingerprint = hashlib.sha256(b"goaltrail master key\0" + secret).hexdigest()[:16]
        """Tells which master key wrapped a key; says nothing about the key itself."""

    def wrap(self, workspace: str, owner: str, key: PersonKey) -> str:
        """Return a person's key as text for storage."""
        nonce = os.urandom(_NONCE)
        return _base64(nonce + self._cipher.encrypt(nonce, key.secret, _holder(workspace, owner, key.id)))

    def unwrap(self, workspace: str, owner: str, key_id: bytes, wrapped: str) -> PersonKey:
        """Return the person's key of a stored text. Raises UnreadableError."""
        try:
            raw = _unbase64(wrapped)
            secret = self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], _holder(workspace, owner, key_id))
        except (InvalidTag, binascii.Error, ValueError):
            raise UnreadableError(f"the stored key of {owner} was changed") from None
        return PersonKey(key_id, secret)


def _holder(workspace: str, owner: str, key_id: bytes) -> bytes:
    return _joined("key", workspace, owner, key_id.hex())


def _joined(*parts: str) -> bytes:
    return "\0".join(parts).encode()


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
