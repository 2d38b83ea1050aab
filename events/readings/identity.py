"""What a delivery means for a reading that may be on the ledger already.

The identity of a reading is (feed, KPI, source id) for ever. Content is compared as it was sent; its hash
does not cover the source version.

| what comes | what it is |
|---|---|
| nothing known yet | accepted: a first recording |
| no source version, content of any earlier version | duplicate |
| no source version, other content | conflict; a correction if the feed is declared to send revisions |
| a source version above all known ones | a correction; duplicate if the source said the same last |
| a source version below the highest known one | superseded; duplicate if that content is known |
| the highest source version again, other content | conflict |

A correction is accepted, too. A conflict is kept as a dispute; the same content is not disputed twice.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["recorded", "corrected", "retracted", "disputed"]
Status = Literal["accepted", "duplicate", "superseded", "conflict"]


class Version(NamedTuple):
    """What one event on the ledger says about a reading."""

    position: int
    kind: Kind
    revision: int
    """0 for the recording, then 1, 2, … for corrections and retractions; 0 for disputes."""
    content: str
    """Hash of the content as sent; of a retraction it means nothing."""
    source_version: int | None


class Verdict(NamedTuple):
    """What becomes of a delivery."""

    status: Status
    position: int | None
    """Where the ledger already has it, or has what is in its way; None when an event is to be appended."""
    revision: int = 0
    """Of an accepted one: 0 is recorded, more is a correction."""


NEW = Verdict("accepted", None)
"""Of a delivery whose reading is not on the ledger."""


def judge(
    versions: Sequence[Version], content: str, source_version: int | None, *, revisions: bool
) -> Verdict:
    """What a delivery is, given everything that is known of its reading, oldest first."""
    if not versions:
        return NEW
    contents = [version for version in versions if version.kind in ("recorded", "corrected")]
    revision = max(version.revision for version in versions) + 1
    same = next((version.position for version in contents if version.content == content), None)
    if source_version is None:
        if same is not None:
            return Verdict("duplicate", same)
        if revisions:
            return Verdict("accepted", None, revision)
        return _dispute(versions, content)
    versioned = [version for version in contents if version.source_version is not None]
    if not versioned:
        return Verdict("accepted", None, revision) if same is None else Verdict("duplicate", same)
    newest = max(versioned, key=_source_version)
    highest = _source_version(newest)
    if source_version > highest:
        # Compared with what the source itself said last: a person may have corrected it in between.
        if newest.content == content:
            return Verdict("duplicate", newest.position)
        return Verdict("accepted", None, revision)
    if same is not None:
        return Verdict("duplicate", same)
    if source_version < highest:
        return Verdict("superseded", newest.position)
    return _dispute(versions, content)


def _dispute(versions: Sequence[Version], content: str) -> Verdict:
    for version in versions:
        if version.kind == "disputed" and version.content == content:
            return Verdict("conflict", version.position)
    return Verdict("conflict", None)


def _source_version(version: Version) -> int:
    assert version.source_version is not None
    return version.source_version
