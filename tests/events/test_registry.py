"""Every event type speaks to people and says what is personal."""

import re
from collections.abc import Iterator
from datetime import date
from string import Formatter
from typing import Any, Literal, get_args, get_origin

import pytest
from hypothesis import assume, settings
from hypothesis import given as forall
from hypothesis import strategies as st
from pydantic import BaseModel

from events.access.events import Role
from events.aggregates import AGGREGATES
from events.code_words import code_words
from events.initiatives.events import InitiativePlanned
from events.kpis.events import KpiDefined
from events.objectives.events import ObjectiveDrafted, ObjectiveOwnerChanged
from events.objectives.key_result_events import CheckedIn
from events.registry import EventData, EventType, UnknownData, all_types, event, lookup
from events.sentences import sentence
from events.state import OutOfPlace
from tests.events.given import recorded
from tests.events.samples import data_of

EVERY_TYPE = pytest.mark.parametrize("entry", all_types(), ids=lambda entry: entry.name)

NEEDED = {
    "workspace.created",
    "workspace.zone_changed",
    "org_unit.created",
    "org_unit.renamed",
    "org_unit.moved",
    "org_unit.archived",
    "cycle.planned",
    "cycle.opened",
    "cycle.closed",
    "cycle.reopened",
    "objective.drafted",
    "objective.reworded",
    "objective.activated",
    "objective.owner_changed",
    "objective.org_unit_changed",
    "objective.cycle_changed",
    "objective.dropped",
    "objective.reopened",
    "key_result.added",
    "key_result.reworded",
    "key_result.target_changed",
    "key_result.baseline_corrected",
    "key_result.weight_changed",
    "key_result.linked",
    "key_result.unlinked",
    "key_result.owner_changed",
    "key_result.checked_in",
    "key_result.dropped",
    "kpi.defined",
    "kpi.redefined",
    "kpi.target_set",
    "kpi.retired",
    "reading.recorded",
    "reading.corrected",
    "reading.retracted",
    "access.token_issued",
    "access.token_revoked",
    "access.token_text_replaced",
    "ledger.position_waived",
    "ledger.restored",
    "policy.set",
    "cycle.policy_adopted",
}


def test_every_fact_on_record_has_a_type() -> None:
    """A type that once was written must be readable for ever."""
    assert {entry.name for entry in all_types()} >= NEEDED


def placeholders(text: str) -> Iterator[list[str]]:
    """The placeholders of a sentence, each as its path."""
    return (field.split(".") for _, field, _, _ in Formatter().parse(text) if field)


@EVERY_TYPE
def test_names_are_subject_and_fact(entry: EventType) -> None:
    assert re.fullmatch(r"[a-z_]+\.[a-z_]+", entry.name)
    assert entry.full == f"goaltrail.{entry.name}.v{entry.version}"
    assert lookup(entry.full) is entry


@EVERY_TYPE
def test_a_type_says_what_it_means(entry: EventType) -> None:
    assert entry.model.__doc__
    assert entry.model.__doc__ != EventData.__doc__


@EVERY_TYPE
def test_sentences_name_who_and_only_what_there_is(entry: EventType) -> None:
    """Both languages begin with the actor and end as a sentence; no placeholder leads nowhere."""
    for text in (entry.sentence.ko, entry.sentence.en):
        assert text.startswith("{actor} ")
        assert text.endswith(".")
        for path in placeholders(text):
            if path not in (["actor"], ["id"]):
                assert_leads_to_a_field(entry.model, path)
    assert any("가" <= character <= "힣" for character in entry.sentence.ko)
    assert not any("가" <= character <= "힣" for character in entry.sentence.en)


def assert_leads_to_a_field(model: Any, path: list[str]) -> None:
    """A placeholder such as `new.target` names a field of a field."""
    field = model.model_fields[path[0]]
    if len(path) > 1:
        parts = [field.annotation, *getattr(field.annotation, "__args__", ())]
        (nested,) = (part for part in parts if isinstance(part, type) and issubclass(part, BaseModel))
        assert_leads_to_a_field(nested, path[1:])


@EVERY_TYPE
def test_personal_text_is_named_and_in_no_sentence(entry: EventType) -> None:
    """A sentence can be shown when the text behind it is redacted."""
    assert entry.personal <= entry.model.model_fields.keys()
    assert {"note", "reason", "comment"} & entry.model.model_fields.keys() <= entry.personal
    for text in (entry.sentence.ko, entry.sentence.en):
        assert not entry.personal & {path[0] for path in placeholders(text)}


@EVERY_TYPE
def test_what_may_be_none_is_none_by_default(entry: EventType) -> None:
    """None is left out on the ledger, so it must come back by default."""
    for name, field in entry.model.model_fields.items():
        if type(None) in getattr(field.annotation, "__args__", ()):
            assert field.default is None, name


@EVERY_TYPE
@settings(max_examples=10)
@forall(drawn=st.data())
def test_every_event_makes_a_sentence(entry: EventType, drawn: st.DataObject) -> None:
    happened = recorded(drawn.draw(data_of(entry.model)))
    assume("None" not in happened.data.model_dump_json())  # a text may well say it
    for text in (sentence(happened, "ko"), sentence(happened, "en")):
        assert "None" not in text
        assert len(text) > 10


def test_sentences_use_the_names_that_are_given() -> None:
    changed = recorded(ObjectiveOwnerChanged(old="anna", new=None), id_="growth")
    names = {"person:anna": "김안나", "growth": "수익성 있는 성장"}
    assert sentence(changed, "ko", names) == (
        "김안나 님이 목표 수익성 있는 성장 담당자를 바꿨습니다: anna → 없음."
    )
    assert sentence(changed, "en") == "anna changed the owner of the objective growth from anna to none."


@pytest.mark.parametrize(
    ("actor", "ko", "en"),
    [
        ("person:anna", "anna 님이 ", "anna drafted"),
        ("feed:erp", "연동 erp에서 ", "Feed erp drafted"),
        ("system:provision", "시스템(provision)이 ", "The system (provision) drafted"),
        ("?", "? 사이클", "? drafted"),
    ],
)
def test_an_actor_is_the_subject_of_the_sentence(actor: str, ko: str, en: str) -> None:
    drafted = recorded(ObjectiveDrafted(title="t", cycle="c", ambition="stretch"), actor=actor)
    assert sentence(drafted, "ko").startswith(ko)
    assert sentence(drafted, "en").startswith(en)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("온보딩 완료율", "‘온보딩 완료율’을 "),
        ("납기", "‘납기’를 "),
        ("평균 계약 금액(ACV)", "‘평균 계약 금액(ACV)’을 "),
        ("CAC", "‘CAC’를 "),
        ("ROI 3", "‘ROI 3’을 "),
        ("목표 95%", "‘목표 95%’를 "),
        ("Uptime", "‘Uptime’을(를) "),
        ("을(를)", "‘을(를)’을 "),
    ],
)
def test_a_particle_follows_the_sound_before_it(name: str, said: str) -> None:
    """What stands in brackets does not count; nobody knows the sound of a foreign word; names stay whole."""
    planned = recorded(InitiativePlanned(title=name, supports=("kr",)))
    assert f"실행과제 {said}계획했습니다" in sentence(planned, "ko")


def test_what_nobody_said_is_not_in_the_sentence() -> None:
    """A check-in may say how sure somebody is, and no value."""
    said = {"key_result": "acv", "day": date(2026, 3, 2), "confidence": 6}
    told = {lang: sentence(recorded(CheckedIn.model_validate(said)), lang) for lang in ("ko", "en")}
    assert told == {
        "ko": "anna 님이 핵심 결과 acv 체크인을 남겼습니다(2026-03-02, 자신감 6).",
        "en": "anna checked in on the key result acv (2026-03-02, confidence 6).",
    }
    valued = CheckedIn.model_validate(said | {"value": "-71000000.50", "confidence": None})
    assert "(2026-03-02, value -71,000,000.5)." in sentence(recorded(valued), "en")


def test_text_with_braces_is_only_text() -> None:
    drafted = recorded(ObjectiveDrafted(title="{actor.__class__} {0}", cycle="c", ambition="stretch"))
    assert "{actor.__class__} {0}" in sentence(drafted, "en")


@EVERY_TYPE
def test_codes_in_sentences_are_words(entry: EventType) -> None:
    """Roles of tokens stay as people type them."""
    named = {field for _, field, _, _ in Formatter().parse(entry.sentence.ko) if field}
    for field, declared in entry.model.model_fields.items():
        codes = [
            code
            for type_ in (declared.annotation, *get_args(declared.annotation))
            if get_origin(type_) is Literal and type_ != Role
            for code in get_args(type_)
        ]
        assert field not in named or all(code_words(entry.model, field, code, "ko") for code in codes)


@pytest.mark.parametrize(
    ("unit", "aggregation", "ko", "en"),
    [
        ("percent", "ratio", "단위 %, 집계 비율", "unit %, aggregation ratio"),
        ("KRW", "sum", "단위 원, 집계 합계", "unit KRW, aggregation sum"),
        ("count", "last", "단위 개수, 집계 마지막 값", "unit count, aggregation last value"),
        ("boxes", "mean", "단위 boxes, 집계 평균", "unit boxes, aggregation mean"),
    ],
)
def test_a_kpi_is_defined_in_words(unit: str, aggregation: str, ko: str, en: str) -> None:
    defined = KpiDefined.model_validate(
        {"name_ko": "이익률", "name_en": "Margin", "unit": unit, "kind": "gauge", "aggregation": aggregation}
        | {"cadence": "month", "empty": "missing"}
    )
    assert ko in sentence(recorded(defined), "ko")
    assert en in sentence(recorded(defined), "en")


def test_an_unknown_event_has_a_sentence_too() -> None:
    known = recorded(ObjectiveDrafted(title="t", cycle="c", ambition="stretch"))
    unknown = known._replace(type="goaltrail.objective.sung.v1", data=UnknownData(raw={}))
    assert "goaltrail.objective.sung.v1" in sentence(unknown, "ko")
    assert "goaltrail.objective.sung.v1" in sentence(unknown, "en")


def test_a_type_is_registered_once() -> None:
    with pytest.raises(ValueError, match="registered twice"):

        @event("objective.drafted", ko="{actor} .", en="{actor} .")
        class _Again(EventData):
            """The same once more."""


@pytest.mark.parametrize("kind", AGGREGATES)
@settings(max_examples=2)
@forall(drawn=st.data())
def test_one_event_begins_an_aggregate_and_an_unknown_one_changes_nothing(
    kind: str, drawn: st.DataObject
) -> None:
    """A newer version may have written the unknown one: skipping it is no failure, beginning with it is."""
    evolve = AGGREGATES[kind].evolve
    id_ = "okr" if kind == "policy" else "it"
    begun = []
    for entry in all_types():
        happened = recorded(drawn.draw(data_of(entry.model)), kind, id_)
        try:
            begun.append((happened, evolve(None, happened)))
        except OutOfPlace:
            continue
    # A token begins as one that was made, or as one that was asked for.
    assert len(begun) == (2 if kind == "access" else 1)
    beginning, state = begun[0]
    unknown = beginning._replace(type="goaltrail.new.thing.v1", data=UnknownData(raw={}))
    assert evolve(state, unknown) == state
    for misplaced, before in ((unknown, None), (beginning, state)):
        with pytest.raises(OutOfPlace):
            evolve(before, misplaced)
