"""What a delivery means for a reading that may be on the ledger already.

The identity of a reading is (feed, KPI, source id) for ever. Content is compared as it was sent; its hash
does not cover the source version. What is *in force* is the newest recording, correction or retraction.

| what comes | what it is |
|---|---|
| nothing known yet | accepted: a first recording |
| without a source version, the content in force | duplicate |
| without a source version, anything else after a figure so far | a correction |
| without a source version, anything else | a correction if the feed is `in_order`, else a conflict |
| a source version above all known ones | a correction; a remembered duplicate if it is what is in force |
| a source version below the highest known one | superseded; duplicate if exactly this is known, or in force |
| the highest source version again, other content | conflict; duplicate if it is in force |

A figure so far is content in force that stands for a whole period and came while that was still running.
A correction is accepted, too. A conflict is kept as a dispute; the same content is not disputed twice.

Where every item has a source version, and a source says one thing with each, the order of delivery decides
nothing: what is in force is the content of the highest version. That one has to be known, also
if it said nothing new: it is kept as a confirmation, which changes no value.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Revisions = Literal["none", "versioned", "in_order"]
"""How a feed says that a value has changed: not at all, by a source version, or by sending it later."""

Kind = Literal["recorded", "corrected", "retracted", "disputed", "confirmed"]
Status = Literal["accepted", "duplicate", "superseded", "conflict"]


class Version(NamedTuple):
    """What one event on the ledger says about a reading."""

    position: int
    kind: Kind
    revision: int
    """0 for the recording, then 1, 2, … for corrections and retractions; 0 for the others."""
    content: str
    """Hash of the content as sent; of a retraction it means nothing."""
    source_version: int | None
    ahead: bool = False
    """It came before the time that it is of: while its period was still running."""


class Verdict(NamedTuple):
    """What becomes of a delivery."""

    status: Status
    position: int | None
    """Where the ledger already has it, or has what is in its way; None when an event is to be appended."""
    revision: int = 0
    """Of an accepted one: 0 is recorded, more is a correction."""
    appended: Kind | None = None
    """The kind of the event to append; None where nothing is appended."""


NEW = Verdict("accepted", None, 0, "recorded")
"""Of a delivery whose reading is not on the ledger."""


def judge(
    versions: Sequence[Version],
    content: str,
    source_version: int | None,
    *,
    revisions: Revisions,
    of_period: bool = False,
) -> Verdict:
    """Return what a delivery means, given everything that is known of its reading, oldest first.

    `of_period`: it stands for a whole period. A figure so far is no contradiction of the next one.
    """
    if not versions:
        return NEW
    in_force = next((version for version in reversed(versions) if version.kind in _COUNTING), None)
    if in_force is None:
        return NEW
    known = in_force.kind != "retracted" and in_force.content == content
    if source_version is None:
        if known:
            return Verdict("duplicate", in_force.position)
        so_far = of_period and in_force.ahead and in_force.kind != "retracted"
        replaces = revisions == "in_order" or so_far
        return _correction(versions) if replaces else _dispute(versions, content)
    said = [version for version in versions if version.kind in _SAID and version.source_version is not None]
    newest = max(said, key=_source_version, default=None)
    if newest is None or source_version > _source_version(newest):
        return Verdict("duplicate", None, 0, "confirmed") if known else _correction(versions)
    for version in said:
        if version.source_version == source_version and version.content == content:
            return Verdict("duplicate", version.position)
    if known:
        return Verdict("duplicate", in_force.position)
    if source_version < _source_version(newest):
        return Verdict("superseded", newest.position)
    return _dispute(versions, content)


_COUNTING = frozenset(("recorded", "corrected", "retracted"))
"""Kinds of events whose content can be in force."""
_SAID = frozenset(("recorded", "corrected", "confirmed"))
"""What tells with which version the source said something."""


def _correction(versions: Sequence[Version]) -> Verdict:
    revision = max(version.revision for version in versions) + 1
    return Verdict("accepted", None, revision, "corrected")


def _dispute(versions: Sequence[Version], content: str) -> Verdict:
    for version in versions:
        if version.kind == "disputed" and version.content == content:
            return Verdict("conflict", version.position)
    return Verdict("conflict", None, 0, "disputed")


def _source_version(version: Version) -> int:
    assert version.source_version is not None
    return version.source_version
