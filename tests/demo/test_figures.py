"""The figures of the demo company, against what a person works out from its files by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.places import Place

KEY_RESULTS = [
    # key result, cycle, day, value, raw score: how it is worked out
    ("operating-margin-8", "2025", "2025-06-30", "6.9", "0.725000"),  # (6.9 − 4) / (8 − 4)
    ("operating-margin-8", "2025", "2025-12-31", "7.9", "0.975000"),
    ("growth-5", "2025", "2025-12-31", "5", "1.000000"),
    ("gross-margin-24", "2025", "2025-12-31", "23.4", "0.900000"),  # 5.4 of 6 points
    ("top-customers-40", "2025", "2025-12-31", "43", "0.925000"),  # 2 − 43/40
    ("collection-60", "2025", "2025-06-30", "70", "0.333333"),  # 5 of 15 days, before the target moved
    ("collection-60", "2025", "2025-12-31", "66", "0.900000"),  # 9 of 10 days, since it moved to 65
    ("new-accounts-5", "2025", "2025-12-31", "4", "0.800000"),
    ("on-time-95", "2025-q1", "2025-03-31", "93.1", "0.980000"),
    ("rework-2", "2025-q1", "2025-03-31", "2.5", "0.750000"),  # 2 − 2.5/2
    ("scrap-1-5", "2025-q1", "2025-03-31", "1.8", "0.800000"),  # 1.2 of 1.5 points
    ("organic-50", "2025-q1", "2025-03-31", "41", "0.550000"),
    ("visitors-200k", "2025-q1", "2025-01-31", "120000", "0.200000"),
    (
        "visitors-200k",
        "2025-q1",
        "2025-03-31",
        "200000",
        "1.000000",
    ),  # the latest month, not the sum of three
    ("whitepaper-5000", "2025-q1", "2025-03-31", "3900", "0.780000"),
    ("enterprise-share-40", "2025-q2", "2025-06-30", "31", "0.550000"),
    ("acv-80m", "2025-q2", "2025-06-19", "71000000", "0.700000"),  # 21 of 30 million
    ("acv-80m", "2025-q2", "2025-06-20", "71000000", "1.050000"),  # 21 of 20 million, a day later
    ("acv-80m", "2025-q2", "2025-06-30", "72500000", "1.125000"),
    ("target-accounts-3", "2025-q2", "2025-06-30", "2", "0.666667"),
    ("first-week-churn-8", "2025-q2", "2025-06-30", "9", "0.750000"),
    ("dau-mau-40", "2025-q2", "2025-06-30", "34", "0.692308"),  # 9/13, since the target moved to 38
    ("response-1h", "2025-q3", "2025-07-31", "4", "0.000000"),
    ("response-1h", "2025-q3", "2025-08-31", "2", "0.666667"),
    ("response-1h", "2025-q3", "2025-09-30", "1", "1.000000"),
    ("same-day-80", "2025-q3", "2025-09-30", "74", "0.700000"),
    ("cost-per-lead-30", "2025-q3", "2025-07-31", "55", "-0.250000"),  # worse than where it began
    ("cost-per-lead-30", "2025-q3", "2025-09-30", "34", "0.800000"),
    ("download-conversion-10", "2025-q3", "2025-09-30", "8.5", "0.700000"),
    (
        "order-rate-25",
        "2025-q4",
        "2025-12-31",
        "23.333333",
        "0.933333",
    ),  # 21/90, not the mean
    ("leads-30", "2025-q4", "2025-12-31", "27", "0.900000"),
    ("budget-100", "2025-h1", "2025-06-30", "96", "1.040000"),  # 2 − 96/100
    ("own-content-70", "2025-h1", "2025-06-30", "63", "0.900000"),
    ("repeats-30", "2025-q4", "2025-12-31", "42", "0.818182"),  # 54 of 66
    # 2,970 of 6,600 new users; (45 − 40) / (46 − 40), 15 % on the 40 % of the third quarter
    ("retention-15", "2025-q4", "2025-12-31", "45", "0.833333"),
    ("core-feature-60", "2025-q4", "2025-12-31", "58", "0.966667"),
    ("app-rating-4-5", "2025-q4", "2025-12-31", "4.4", "0.977778"),
    ("core-feature-7d-60", "2025-q4", "2025-12-31", "57", "0.950000"),
    ("onboarding-20", "2025-q4", "2025-12-31", "67", "0.775862"),  # 9 of 11.6, from the frozen 58 %
    # (55/6 − 50/6) / (15 % of 55/6): 500 of 6,000 left, 550 of 6,000 in the third quarter
    ("new-user-churn-15", "2025-q4", "2025-12-31", "8.333333", "0.606061"),
    ("screen-drop-off-10", "2025-q4", "2025-12-31", "38.5", "0.833333"),  # 3.5 of 4.2, 10 % of 42
    ("csat-4-5", "2025-q4", "2025-12-31", "4.3", "0.777778"),  # 0.7 of 0.9 points
]

OBJECTIVES = [
    ("profitable-growth", "2025", "2025-12-31", "0.962500"),  # (2 · 0.975 + 1 + 0.9) / 4
    ("better-portfolio", "2025", "2025-12-31", "0.875000"),
    ("right-first-time", "2025-q1", "2025-03-31", "0.832500"),  # (0.98 + 0.75 + 2 · 0.8) / 4
    ("content-leadership", "2025-q1", "2025-03-31", "0.776667"),
    ("enterprise-partner", "2025-q2", "2025-06-30", "0.738889"),  # (0.55 + 1 + 2/3) / 3: clamped first
    ("daily-experience", "2025-q2", "2025-06-30", "0.721154"),  # of two: the third was dropped
    ("fast-answers", "2025-q3", "2025-09-30", "0.850000"),
    ("lead-engine", "2025-q3", "2025-09-30", "0.750000"),
    ("win-again", "2025-q4", "2025-12-31", "0.916667"),
    ("new-users-stay", "2025-q4", "2025-12-31", "0.925926"),  # (5/6 + 29/30 + 44/45) / 3
    ("first-value", "2025-q4", "2025-12-31", "0.777308"),
    ("first-visit", "2025-q4", "2025-12-31", "0.916667"),
    ("solved-for-good", "2025-q4", "2025-12-31", "0.797980"),  # (9/11 + 7/9) / 2 = 79/99
]


class Reader:
    """Reads the API with the administrator's token."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def get(self, path: str, **params: str) -> Any:
        """The body of a read."""
        headers = {"Authorization": f"Bearer {self._place.token}"}
        answer = httpx.get(f"{self._place.url}{path}", params=params, headers=headers)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def reader(company: Place) -> Reader:
    """The API with the demo company."""
    return Reader(company)


@pytest.mark.parametrize(("key_result", "cycle", "day", "value", "raw"), KEY_RESULTS)
def test_key_result(reader: Reader, key_result: str, cycle: str, day: str, value: str, raw: str) -> None:
    """Value and raw score at the end of a day."""
    shown = reader.get(f"/v1/key-results/{key_result}", as_of=day)
    assert reader.get(f"/v1/objectives/{shown['objective']}")["cycle"] == cycle
    assert (Decimal(shown["score"]["value"]), Decimal(shown["score"]["raw"])) == (
        Decimal(value),
        Decimal(raw),
    )


@pytest.mark.parametrize(("objective", "cycle", "day", "score"), OBJECTIVES)
def test_objective(reader: Reader, objective: str, cycle: str, day: str, score: str) -> None:
    """The weighted mean of its key results at the end of its cycle."""
    shown = reader.get(f"/v1/objectives/{objective}", as_of=day)
    assert (shown["cycle"], Decimal(shown["score"])) == (cycle, Decimal(score))


def test_score_against_each_target(reader: Reader) -> None:
    """What the second quarter's contracts score against the first target and against the lowered one."""
    posts = reader.get("/v1/key-results/acv-80m/targets", as_of="2025-06-30")["data"]
    targets = [(post["new"], post["score"]["raw"]) for post in posts if post["what"] == "target"]
    assert [(Decimal(target), Decimal(raw)) for target, raw in targets] == [
        (Decimal(80_000_000), Decimal("0.75")),
        (Decimal(70_000_000), Decimal("1.125")),
    ]


def test_growth_slows_and_margin_doubles(reader: Reader) -> None:
    """From 10 % to 5 % on the same month of last year; the margin from 4 % to nearly 8 %."""
    year = {"from": "2025-01-01", "to": "2025-12-31", "as_of": "2025-12-31"}
    revenue = reader.get("/v1/kpis/revenue/trend", **year)["data"]
    growth = [Decimal(point["change_on_year"]["amount"]) for point in revenue]
    assert growth == [10, 10, 10, 9, 8, 6, 5, 5, 5, 5, 5, 5]
    margin = [
        Decimal(point["value"]) for point in reader.get("/v1/kpis/operating-margin/trend", **year)["data"]
    ]
    assert (margin[0], margin[-1]) == (Decimal(4), Decimal("7.9"))


def test_growth_that_earned_nothing(reader: Reader) -> None:
    """While revenue grew by 10 %, the margin fell and the top customers' share rose."""
    before = {"from": "2024-01-01", "to": "2024-12-31"}

    def months(kpi: str) -> list[Decimal]:
        return [Decimal(point["value"]) for point in reader.get(f"/v1/kpis/{kpi}/trend", **before)["data"]]

    assert set(months("revenue-growth")) == {Decimal(10)}
    assert months("operating-margin") == sorted(months("operating-margin"), reverse=True)
    assert months("top-customers") == sorted(months("top-customers"))
    assert months("collection-days") == sorted(months("collection-days"))


def test_the_target_for_growth_went_from_10_to_5(reader: Reader) -> None:
    """The first working Monday of the year; the old one stays on record."""
    targets = reader.get("/v1/kpis/revenue-growth/targets")["data"]
    assert [(Decimal(one["target"]), one["effective_from"]) for one in targets] == [
        (Decimal(10), "2024-01-01"),
        (Decimal(5), "2025-01-06"),
    ]


def test_goodhart_and_its_counter_metric(reader: Reader) -> None:
    """The response time falls to an hour and repeated enquiries go up fourfold; then both are watched."""
    watched = {"from": "2025-07-01", "to": "2025-12-31"}
    hours, repeats = (
        [Decimal(point["value"]) for point in reader.get(f"/v1/kpis/{kpi}/trend", **watched)["data"]]
        for kpi in ("response-time", "repeat-enquiries")
    )
    assert hours[:3] == [4, 2, 1]
    assert repeats == [22, 58, 96, 74, 55, 42]
    assert reader.get("/v1/kpis/response-time")["counter_metrics"] == ["repeat-enquiries", "csat"]


def test_every_team_kpi_says_which_key_result_it_serves(reader: Reader) -> None:
    """In one sentence; the company's own need none."""
    kpis = reader.get("/v1/kpis", limit="100")["data"]
    assert {kpi["id"] for kpi in kpis if kpi["serves"] is None} == {
        kpi["id"] for kpi in kpis if kpi["org_unit"] == "company"
    }


def test_corrected_reading_counts_once(reader: Reader) -> None:
    """The invoice that was booked twice is in February once: 836 million, 10 % more than the year before."""
    february = reader.get("/v1/kpis/revenue/trend", **{"from": "2025-02-01", "to": "2025-02-28"})["data"]
    assert Decimal(february[0]["value"]) == 836_000_000


def test_accidents_are_zero_where_nothing_is_known(reader: Reader) -> None:
    """One accident in May; the other months count as 0 and meet the target of none."""
    points = reader.get("/v1/kpis/safety-incidents/trend", **{"from": "2025-01-01", "to": "2025-12-31"})[
        "data"
    ]
    assert [Decimal(point["value"]) for point in points] == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]
    assert [point["met"] for point in points] == [month != 4 for month in range(12)]


def test_late_reading_changes_what_is_known_of_a_closed_quarter(reader: Reader) -> None:
    """Until March's last week came in, on 10 April, scrap was 530 kg of 29,849: 1.78 %, not 1.8 %."""
    closed = reader.get("/v1/audit", about="cycle/2025-q1", type="cycle.closed")["data"][0]["recorded_at"]
    shown = {
        known_at: Decimal(
            reader.get("/v1/key-results/scrap-1-5", as_of="2025-03-31", known_at=known_at)["score"]["value"]
        )
        for known_at in (closed, "2100-01-01")
    }
    assert shown == {closed: Decimal("1.775604"), "2100-01-01": Decimal("1.8")}


def test_a_scorecard_of_a_unit_has_a_grade_and_a_pay_factor(reader: Reader) -> None:
    """40 · 96/95 + 20 · 1.2 + 20 · 1.2 + 20 · 0: one accident costs production its A."""
    card = reader.get("/v1/scorecards/production-2025")
    assert (Decimal(card["score"]), card["grade"], card["pay_factor"]) == (Decimal("0.884211"), "B", "1")
    assert [Decimal(item["score"]) for item in card["items"][1:]] == [Decimal("1.2"), Decimal("1.2"), 0]


def test_a_scorecard_of_a_person_weighs_an_mbo_goal(reader: Reader) -> None:
    """70 · (0.6 · 1.04 + 0.4 · 0.9) + 30 · 1.2, since 44 % of at least 30 % is more than the cap."""
    card = reader.get("/v1/scorecards/doyun-2025-h1")
    assert (Decimal(card["score"]), card["grade"], card["pay_factor"]) == (Decimal("1.0488"), "A", "1.2")


def test_a_frozen_baseline_says_that_its_base_was_corrected(reader: Reader) -> None:
    """58 % was known of the third quarter when the goal began, 60 % is; the other goals' bases still hold."""
    bases = {
        id_: reader.get(f"/v1/key-results/{id_}")["targets"][-1]["base"]
        for id_ in ("onboarding-20", "retention-15")
    }
    said = {id_: (base["value"], base["now"], base["out_of_date"]) for id_, base in bases.items()}
    assert said == {"onboarding-20": ("58", "60", True), "retention-15": ("40", "40", False)}
    base = bases["onboarding-20"]
    assert 0 < base["first_position"] < base["last_position"] <= base["known_position"]


def test_a_key_result_of_the_company_is_a_team_s_objective(reader: Reader) -> None:
    """Product development takes it over, somebody of it supports that, and KPIs say how they serve it."""
    [company] = _found(reader.get("/v1/alignment", cycle="2025-q4")["top"], "new-users-stay")
    carried = next(one for one in company["key_results"] if one["id"] == "core-feature-60")["carried_by"]
    [team] = carried["objectives"]
    assert (team["id"], team["org_unit"], team["takes_over"]) == ("first-value", "product", "core-feature-60")
    assert [one["id"] for one in team["carried_by"]["objectives"]] == ["first-visit"]
    assert [kpi["id"] for kpi in carried["kpis"]] == ["core-feature", "core-feature-7d"]
    assert all(kpi["why"] for kpi in carried["kpis"])


def _found(objectives: list[dict[str, Any]], id_: str) -> list[dict[str, Any]]:
    """The objective with an id, however deep it stands in an alignment."""
    below = [
        each
        for one in objectives
        for holder in (one, *one["key_results"])
        for each in holder["carried_by"]["objectives"]
    ]
    return [one for one in objectives if one["id"] == id_] + (_found(below, id_) if below else [])


def test_cycles_end_up_closed_and_open(reader: Reader) -> None:
    """What is past is closed; the year and its last quarter are open, so that one can try things out."""
    cycles = {cycle["id"]: cycle["status"] for cycle in reader.get("/v1/cycles")["data"]}
    assert cycles == {
        "2025": "open",
        "2025-h1": "closed",
        "2025-q1": "closed",
        "2025-q2": "closed",
        "2025-q3": "closed",
        "2025-q4": "open",
    }
