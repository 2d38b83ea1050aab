"""What the people of the demo company do together, as requests: initiatives, talks, feedback, thanks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from events.text import Language
from services.demo import steps as told
from services.demo.company import Company
from services.demo.requests import Command


def initiative_request(
    company: Company,
    step: told.PlanInitiative | told.StartInitiative | told.FinishInitiative,
    language: Language,
) -> Command:
    """Return a step of an initiative, by its owner."""
    if isinstance(step, told.PlanInitiative):
        planned = step.initiative
        body: dict[str, Any] = {
            "id": planned.id,
            "title": planned.title.told(language),
            "owner": planned.owner,
            "due": str(planned.due),
            "supports": list(planned.supports),
        }
        key, target = f"demo/initiative/{planned.id}", f"initiative/{planned.id}"
        return Command(key, "POST", "/v1/initiatives", body, target, by=planned.owner)
    verb = step.do.removesuffix("_initiative")
    key, target = f"demo/initiative/{step.initiative}/{verb}", f"initiative/{step.initiative}"
    path = f"/v1/initiatives/{step.initiative}/{verb}"
    return Command(key, "POST", path, {}, target, by=company.owner_of(step.initiative))


def talk_requests(step: told.Talk, language: Language) -> Iterator[Command]:
    """Yield a conversation, what was said in it, and what it agreed on."""
    key = f"demo/{step.when}/talk/{step.about}"
    body = {
        "parties": list(step.parties),
        "about": step.about,
        "audience": step.audience,
        "day": str(step.when),
        "agenda": step.agenda.told(language),
    }
    yield Command(key, "POST", "/v1/conversations", body, by=step.by, called=key)
    path = f"/v1/conversations/{{{key}}}"
    for number, note in enumerate(step.notes):
        said = {"text": note.text.told(language)}
        yield Command(f"{key}/note/{number}", "POST", f"{path}/notes", said, by=note.by)
    for number, action in enumerate(step.actions):
        agreed = {"text": action.text.told(language), "owner": action.owner, "due": str(action.due)}
        yield Command(f"{key}/action/{number}", "POST", f"{path}/actions", agreed, by=step.by)


def word_request(step: told.GiveFeedback | told.Recognise, language: Language) -> Command:
    """Feedback between two, or thanks before everybody."""
    body: dict[str, Any] = {"about": step.about, "text": step.text.told(language)}
    if isinstance(step, told.GiveFeedback):
        path, to = "/v1/feedback", [step.to]
        body["to"] = step.to
    else:
        path, to = "/v1/recognitions", list(step.to)
        body["to"] = to
    return Command(f"demo/{step.when}/{step.do}/{'+'.join(to)}", "POST", path, body, by=step.by)
