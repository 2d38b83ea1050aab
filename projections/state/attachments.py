"""Attachments: of initiatives to goals and units, of words to goals and people."""

from __future__ import annotations

from pydantic import BaseModel

from events.initiatives.state import Initiative
from events.talk.said import Said


def attached_to(state: BaseModel | None) -> frozenset[str]:
    """Return what something hangs on, as references `<kind>/<id>`; nothing for what stands by itself.

    Whether an id that is supported is an objective's or a key result's is not known here: it counts as both.
    """
    if isinstance(state, Said):
        return frozenset(
            {f"person/{id_}" for id_ in state.concerned} | ({state.about} if state.about else set())
        )
    if not isinstance(state, Initiative):
        return frozenset()
    goals = {f"{kind}/{id_}" for id_ in state.supports for kind in ("objective", "key_result")}
    return frozenset(goals if state.org_unit is None else goals | {f"org_unit/{state.org_unit}"})
