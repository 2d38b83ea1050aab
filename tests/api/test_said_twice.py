"""What two API processes said yes to at one instant: views go on, the doctor tells it, it can be repaired."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime

import pytest

from events.envelope import Event, encode
from events.ids import Aggregate, event_id, ledger_subject
from events.measures import Measure
from events.objectives.events import ObjectiveSupportsChanged
from events.objectives.key_result_events import KeyResultAdded
from events.org_units.events import OrgUnitMoved
from events.registry import EventData, event_type
from projections.groups import GROUPS
from services.api.http.services import Services
from services.doctor.views import examine_views
from services.keys.keys import Keys
from services.ledger import Entry
from services.projector.builds import projector_engine
from services.projector.rebuild import RebuildRefused, rebuild
from services.projector.waiving import waive
from tests.api.conftest import Person, SettingsFor
from tests.projector.conftest import Company

pytestmark = pytest.mark.usefixtures("projector")

STATE = GROUPS["state"]
MEASURE = {"kind": "at_least", "target": "5", "unit": "count"}
DAY = date(2025, 1, 1)


async def say(services: Services, kind: str, id_: str, data: EventData) -> int:
    """An event that another process put on the ledger, whatever this one thinks of it; its position."""
    workspace = services.settings.workspace
    aggregate = Aggregate(kind, id_)
    number = event_id(workspace, "person:anna", None, 0)
    now = datetime.now(UTC)
    event = Event(number, event_type(data), workspace, aggregate, now, "person:anna", data, business_day=DAY)
    entry = Entry(ledger_subject(workspace, aggregate), encode(event))
    return (await services.ledger.append(workspace, [entry], {})).last


async def complaints(services: Services, provisioned: SettingsFor) -> dict[str, str]:
    """What the doctor has against the views, by check; its words, each on a line."""
    found = examine_views(provisioned("operator"), services.ledger, [services.settings.workspace])
    told: defaultdict[str, str] = defaultdict(str)
    async for finding in found:
        # Views of other tests in the same database may have outlived their ledgers.
        if finding.level != "ok" and services.settings.workspace in finding.text:
            told[finding.check] += f"{finding.text}\n"
    return dict(told)


@pytest.fixture
async def goals(anna: Person) -> None:
    """A cycle and two objectives, first and second."""
    year = {"id": "y25", "name": "2025", "start": "2025-01-01", "end": "2025-12-31", "kind": "year"}
    await anna.created("/v1/cycles", year)
    await anna.created("/v1/cycles/y25/open", {})
    for id_ in ("first", "second"):
        await anna.created("/v1/objectives", {"id": id_, "title": id_, "cycle": "y25"})


@pytest.mark.usefixtures("goals")
async def test_a_key_result_that_two_objectives_have(
    anna: Person, services: Services, provisioned: SettingsFor
) -> None:
    """The first has it, the other goes on without; once it is waived a rebuild makes the same tables."""
    for id_ in ("first", "second"):
        measure = Measure.model_validate(MEASURE)
        added = KeyResultAdded(key_result="both", title=f"of {id_}", measure=measure, effective_from=DAY)
        anna.position = wrong = await say(services, "objective", id_, added)
    assert (await anna.read("/v1/key-results/both"))["objective"] == "first"
    second = await anna.read("/v1/objectives/second")
    assert (second["key_results"], second["incomplete"]) == ([], True)
    poison = (await complaints(services, provisioned))["views.poison"]
    assert f"{wrong} (objective second)" in poison
    assert "key result both belongs to objective first already" in poison

    path = "/v1/objectives/second/key-results"
    for id_, status in (("both", 409), ("own", 201)):
        body = {"id": id_, "title": id_, "measure": MEASURE}
        etag = await anna.etag("/v1/objectives/second")
        assert (await anna.post(path, body, If_Match=etag)).status_code == status
    # Decided on the ledger, as the views have just been left behind.
    etag = f'"{anna.position}"'
    answer = await anna.send(
        "PUT", "/v1/objectives/second/weights", {"weights": {"own": "1"}}, {"If-Match": etag}
    )
    assert answer.status_code == 200, answer.text
    await anna.read("/v1/objectives")

    keys = await Keys.start(services.ledger, provisioned("operator").load_master_key())
    engine = projector_engine(provisioned("projector"))
    workspace = services.settings.workspace
    company = Company(services.ledger, engine, workspace)
    with pytest.raises(RebuildRefused, match=str(wrong)):
        await rebuild(engine, services.ledger, workspace, STATE)
    last = await waive(engine, services.ledger, keys, workspace, wrong, "the id is taken")
    await company.visible(last, STATE)
    live = await company.tables(STATE)
    await rebuild(engine, services.ledger, workspace, STATE)
    assert await company.tables(STATE) == live
    assert await complaints(services, provisioned) == {}
    assert not (await anna.read("/v1/objectives/second"))["incomplete"]
    await keys.close()
    await engine.dispose()


@pytest.mark.own_database
@pytest.mark.usefixtures("goals")
async def test_circles_of_goals_and_units(anna: Person, services: Services, provisioned: SettingsFor) -> None:
    """Reads end, the doctor tells the way round, and one change takes it away."""
    measure = {"id": "own", "title": "own", "measure": MEASURE}
    etag = await anna.etag("/v1/objectives/second")
    await anna.created("/v1/objectives/second/key-results", measure, If_Match=etag)
    for id_ in ("a", "b"):
        await anna.created("/v1/org-units", {"id": id_, "name_ko": id_, "level": "team"})
    await say(services, "objective", "first", ObjectiveSupportsChanged(old=(), new=("own",)))
    await say(services, "objective", "second", ObjectiveSupportsChanged(old=(), new=("first",)))
    await say(services, "org_unit", "a", OrgUnitMoved(old=None, new="b", effective_from=DAY))
    anna.position = await say(services, "org_unit", "b", OrgUnitMoved(old=None, new="a", effective_from=DAY))
    await anna.read("/v1/org-units")
    await anna.read("/v1/alignment", cycle="y25")
    circles = (await complaints(services, provisioned))["views.circles"]
    assert "first → own → second → first" in circles
    assert "a → b → a" in circles

    etag = await anna.etag("/v1/objectives/first")
    await anna.created("/v1/objectives/first/supports", {"supports": []}, If_Match=etag)
    etag = await anna.etag("/v1/org-units/b")
    moved = await anna.patch("/v1/org-units/b", {"parent": None, "reason": "x"}, If_Match=etag)
    assert moved.status_code == 200, moved.text
    await anna.read("/v1/objectives")
    assert await complaints(services, provisioned) == {}
