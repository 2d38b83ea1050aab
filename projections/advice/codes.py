"""Every piece of advice there is: one declaration per code. The reference page is written from it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from events.text import Text

Severity = Literal["info", "warning", "strong"]
Kind = Literal["org_unit", "person", "objective", "key_result", "kpi"]


class Code(NamedTuple):
    """One piece of advice. In its sentences `{name}` is the item's name; other braces are figures."""

    severity: Severity
    seed: str
    """The document and section that it comes from, such as `001 4.2`."""
    when: str
    """When it is given, for the reference page."""
    ko: str
    en: str


DOCUMENTS: dict[str, Text] = {
    "000": Text("중소기업 OKR·KPI 가이드", "guide to OKRs and KPIs for small companies"),
    "001": Text("OKR, MBO, KPI 안내서", "guide to OKRs, MBO and KPIs"),
    "002": Text("OKR·KPI 예시 모음", "examples of OKRs and KPIs"),
    "003": Text("OKRs vs KPIs 가이드", "OKRs vs KPIs: ideas and use"),
}
"""What the documents are called that advice comes from, by the first word of `seed`."""


class Item(NamedTuple):
    """What a piece of advice is about."""

    kind: Kind
    id: str
    name: Text
    """What has one name only has the same in both languages."""
    cycle: str | None = None
    """None for what belongs to no cycle."""


class Advice(NamedTuple):
    """One piece of advice on one item."""

    code: str
    severity: Severity
    item: Item
    text: Text
    seed: str


WHAT: dict[Kind, Text] = {
    "org_unit": Text("조직", "Unit"),
    "person": Text("구성원", "Person"),
    "objective": Text("목표", "Objective"),
    "key_result": Text("핵심 결과", "Key result"),
    "kpi": Text("KPI", "KPI"),
}
"""What an item of a kind is called in a sentence: `{what}`."""

OBJECTIVES_PER_UNIT = 3
KEY_RESULTS = (2, 5)
KPIS_PER_UNIT = (5, 10)
MBO_GOALS_PER_PERSON = (5, 7)
NEARLY_ALL_PERCENT = 95
LATE_PART = 5
"""A target that moves in the last one of this many equal parts of its cycle moves late."""


CODES: dict[str, Code] = {
    "too_many_objectives": Code(
        "warning",
        "001 4.3",
        f"A unit has more than {OBJECTIVES_PER_UNIT} objectives in a cycle.",
        "조직 “{name}”: {cycle}에 목표가 {count}개입니다. 한 사이클에는 1~{limit}개에 집중하십시오.",
        "Unit “{name}” has {count} objectives in {cycle}; 1 to {limit} keep the focus.",
    ),
    "no_objective": Code(
        "info",
        "001 4.3",
        "A unit has KPIs but no objective in any cycle that shares days with this open one.",
        "조직 “{name}”: {cycle} 기간에 목표가 없습니다. 무엇을 바꿀지 1~{limit}개를 정하십시오.",
        "Unit “{name}” has no objective in the time of {cycle}; 1 to {limit} say what is to change.",
    ),
    "too_many_key_results": Code(
        "warning",
        "001 4.2",
        f"An objective has more than {KEY_RESULTS[1]} key results.",
        "목표 “{name}”: 핵심 결과가 {count}개입니다. {least}~{most}개가 알맞습니다.",
        "Objective “{name}” has {count} key results; {least} to {most} are enough.",
    ),
    "too_few_key_results": Code(
        "warning",
        "001 4.2",
        f"An objective has fewer than {KEY_RESULTS[0]} key results.",
        "목표 “{name}”: 핵심 결과가 {count}개입니다. {least}~{most}개가 있어야 달성 여부를 말할 수 있습니다.",
        "Objective “{name}”, key results: {count}; it takes {least} to {most} to say that it is reached.",
    ),
    "too_many_kpis": Code(
        "warning",
        "000 2",
        f"A unit has more than {KPIS_PER_UNIT[1]} KPIs.",
        "조직 “{name}”: KPI가 {count}개입니다. {least}~{most}개로 줄이십시오.",
        "Unit “{name}” has {count} KPIs; {least} to {most} can be watched.",
    ),
    "too_few_kpis": Code(
        "info",
        "000 2",
        f"A unit has KPIs, but fewer than {KPIS_PER_UNIT[0]}.",
        "조직 “{name}”: KPI가 {count}개뿐입니다. 보통 {least}~{most}개로 운영을 살핍니다.",
        "Unit “{name}”, KPIs: only {count}; {least} to {most} usually show how a unit runs.",
    ),
    "too_many_mbo_goals": Code(
        "warning",
        "001 2.3",
        f"A person has more than {MBO_GOALS_PER_PERSON[1]} MBO goals in a cycle.",
        "구성원 {name}: {cycle}에 MBO 목표가 {count}개입니다. {least}~{most}개로 줄이십시오.",
        "Person {name} has {count} MBO goals in {cycle}; {least} to {most} can be worked on.",
    ),
    "too_few_mbo_goals": Code(
        "info",
        "001 2.3",
        f"A person has MBO goals in a cycle, but fewer than {MBO_GOALS_PER_PERSON[0]}.",
        "구성원 {name}: {cycle}에 MBO 목표가 {count}개뿐입니다. 보통 {least}~{most}개를 합의합니다.",
        "Person {name} has {count} of the {least} to {most} MBO goals that are usual in {cycle}.",
    ),
    "mbo_cycle_unusual": Code(
        "info",
        "001 5.1",
        "An MBO goal belongs to a cycle that is no half-year and no year.",
        "목표 “{name}”: MBO 목표는 보통 반기나 연간 사이클에 둡니다.",
        "Objective “{name}”: an MBO goal usually runs for half a year or a year.",
    ),
    "okr_reward_link": Code(
        "strong",
        "001 4.4",
        "A reward is linked to an OKR, which its policy allows.",
        "목표 “{name}”: OKR에 보상이 연계되어 있습니다. 도전적인 목표를 세우기 어려워집니다.",
        "Objective “{name}” is linked to pay: nobody sets a goal that stretches when pay depends on it.",
    ),
    "bonus_without_counter_metric": Code(
        "strong",
        "001 3.4",
        "A reward is linked to a KPI without a counter-metric, or all of them are retired (Goodhart).",
        "KPI “{name}”: 보상이 연계되어 있으나 함께 볼 균형 지표가 없습니다. 수치만 좋아질 수 있습니다.",
        "KPI “{name}” is linked to pay and has no counter-metric: the figure may improve and nothing else.",
    ),
    "objective_is_number": Code(
        "warning",
        "001 4.2",
        "An objective's text is a figure, alone or with what it counts and its movement.",
        "목표 “{name}”: 숫자는 핵심 결과에 두고, 목표에는 나아갈 방향을 문장으로 쓰십시오.",
        "Objective “{name}” is a bare number: put it into a key result and say where to go instead.",
    ),
    "objective_is_metric": Code(
        "info",
        "001 6.2",
        "An objective's text is a few words that name a measure and its movement.",
        "목표 “{name}”: 지표 이름일 뿐입니다. 그 지표로 무엇을 이루려는지 쓰십시오.",
        "Objective “{name}” only names a measure: say what moving it is for.",
    ),
    "personal_objective": Code(
        "info",
        "003 OKRs vs KPIs: 사용 시기",
        "An objective has an owner but no unit: it is one person's.",
        "목표 “{name}”: 개인의 목표입니다. 팀의 목표로 두면 할 일 목록이 되는 것을 막을 수 있습니다.",
        "Objective “{name}” is one person's; a team's objective turns less easily into a list of tasks.",
    ),
    "owner_missing": Code(
        "warning",
        "003 4",
        "An objective or KPI has no owner, or neither a key result nor its objective has one.",
        "{what} “{name}”: 담당자가 없습니다.",
        "{what} “{name}” has no owner.",
    ),
    "org_unit_missing": Code(
        "info",
        "001 4.3",
        "An objective or KPI belongs to no unit; an objective also to no person.",
        "{what} “{name}”: 어느 조직의 것인지 정해지지 않았습니다.",
        "{what} “{name}” belongs to no unit.",
    ),
    "measure_unit_unclear": Code(
        "warning",
        "001 3.2",
        "The unit of a key result or KPI says nothing, such as “other”.",
        "{what} “{name}”: 단위 “{unit}”로는 무엇을 재는지 알 수 없습니다.",
        "{what} “{name}”: the unit “{unit}” does not say what is measured.",
    ),
    "baseline_missing": Code(
        "warning",
        "001 3.2",
        "A key result is to increase or decrease and has no baseline.",
        "핵심 결과 “{name}”: 기준값이 없어 얼마나 움직였는지 점수를 낼 수 없습니다.",
        "Key result “{name}” has no baseline, so there is no score for how far it moved.",
    ),
    "target_missing": Code(
        "warning",
        "001 3.2",
        "A KPI has no target on the day shown, and no key result of that day's cycles is measured by it.",
        "KPI “{name}”: {day}에 유효한 목표치가 없습니다.",
        "KPI “{name}” has no target on {day}.",
    ),
    "date_missing": Code(
        "info",
        "001 3.2",
        "The target of a KPI is a movement without a last day.",
        "KPI “{name}”: 목표치를 언제까지 달성할지 정해지지 않았습니다.",
        "KPI “{name}”: the target does not say by when it is to be reached.",
    ),
    "kpi_link_missing": Code(
        "warning",
        "000 6",
        "A KPI of a unit below the company does not say which goal it serves, or that goal was dropped.",
        "KPI “{name}”: 어느 회사 핵심 결과에 기여하는지 한 문장으로 적으십시오.",
        "KPI “{name}”: say in one sentence which key result of the company it serves.",
    ),
    "kpi_too_vague": Code(
        "warning",
        "002 KPI 설정",
        "A KPI's name is an activity, or a movement without a figure, and it has no target on the day shown.",
        "KPI “{name}”: 활동이나 막연한 방향입니다. 무엇을 어느 수준까지 관리할지 정하십시오.",
        "KPI “{name}” is an activity or a vague direction: say what is measured and how far it is to go.",
    ),
    "key_result_is_output": Code(
        "warning",
        "003 OKRs vs KPIs: 사용 시기",
        "What a key result counts is a task or its product, such as publishing, testing or visiting.",
        "핵심 결과 “{name}”: 할 일이나 산출물을 셉니다. 그 일로 무엇이 달라지는지를 재십시오.",
        "Key result “{name}” counts a task or its output: measure what changes because of it.",
    ),
    "key_result_names_initiative": Code(
        "info",
        "001 6.3.2",
        "A key result tells a task and a result, of which only the result is measured.",
        "핵심 결과 “{name}”: 할 일과 결과가 섞여 있습니다. 할 일은 이니셔티브로 떼어 두십시오.",
        "Key result “{name}” mixes a task with a result: keep the task apart as an initiative.",
    ),
    "key_result_has_two_figures": Code(
        "info",
        "000 3-3",
        "A key result has two limits of its own, of which its measure can only hold one.",
        "핵심 결과 “{name}”: 기준이 둘입니다. 핵심 결과 두 개로 나누십시오.",
        "Key result “{name}” has two limits: make two key results of it.",
    ),
    "direction_contradicts_words": Code(
        "strong",
        "003 OKR 예시: 팀 단계 OKRs",
        "The measure of a key result or of a KPI's target goes up where the words say down, or the other way"
        " round; or a rank, a loss rate and the like, of which less is better, is to go up.",
        "{what} “{name}”: 문장과 측정 방향({direction})이 어긋납니다. 나빠질수록 점수가 오릅니다.",
        "{what} “{name}”: the words and the direction {direction} contradict; it would score for getting"
        " worse.",
    ),
    "percent_or_points": Code(
        "warning",
        "002 팀 OKR 예시",
        "A change of so many percent in a figure that is itself in percent.",
        "핵심 결과 “{name}”: {change}%가 비율(상대)인지 %포인트인지 분명하지 않습니다.",
        "Key result “{name}”: {change}% may mean relative or percentage points; say which.",
    ),
    "keep_belongs_to_kpi": Code(
        "warning",
        "002 조직 OKR 예시",
        "A key result is to keep what is there.",
        "핵심 결과 “{name}”: 유지할 것은 KPI로 관리하고, 핵심 결과에는 변화를 두십시오.",
        "Key result “{name}” keeps what is there: that is a KPI's work; a key result changes something.",
    ),
    "high_target_without_tolerance": Code(
        "warning",
        "001 6.3.3",
        f"A target of at least {NEARLY_ALL_PERCENT} % is judged by attainment, without a tolerance.",
        "{what} “{name}”: 목표치 {target}%를 달성률로 보면 처음부터 거의 1입니다. 허용 오차를 두십시오.",
        "{what} “{name}”: attainment of {target}% reads nearly 1 at once; grade it with a tolerance.",
    ),
    "only_money_kpis": Code(
        "strong",
        "000 4",
        "All KPIs of a unit have the perspective finance.",
        "조직 “{name}”: KPI가 모두 재무 지표입니다. 품질·납기·고객·사람 지표를 함께 두십시오.",
        "Unit “{name}” has nothing but money among its KPIs: add quality, delivery, customers or people.",
    ),
    "only_lagging_kpis": Code(
        "warning",
        "001 3.3",
        "All KPIs of a unit are lagging indicators.",
        "조직 “{name}”: KPI가 모두 후행 지표입니다. 미리 알려 주는 선행 지표를 함께 두십시오.",
        "Unit “{name}” has only lagging KPIs: add a leading one that warns in time.",
    ),
    "target_moved_late": Code(
        "strong",
        "001 3.4",
        "An agreed target was moved on a recorded day in the last fifth of its cycle or later, whatever day"
        " it holds from.",
        "핵심 결과 “{name}”: 목표치가 사이클의 마지막 5분의 1 이후인 {day}에 바뀌었습니다: {old} → {new}.",
        "Key result “{name}”: the target was moved on {day}, in the last fifth of its cycle or after it:"
        " {old} → {new}.",
    ),
    "kpi_target_moved_late": Code(
        "strong",
        "001 3.4",
        "A KPI's target was replaced on a recorded day in the last fifth, or later, of the cycle in which the"
        " new one begins. Of several cycles that hold this day the shortest counts.",
        "KPI “{name}”: 목표치가 사이클 {cycle}의 마지막 5분의 1 이후인 {day}에 바뀌었습니다: {old} → {new}.",
        "KPI “{name}”: the target was moved on {day}, in the last fifth of the cycle {cycle} or after it:"
        " {old} → {new}.",
    ),
    "target_moved_while_behind": Code(
        "warning",
        "001 3.4",
        "An agreed target was moved, before the last fifth of its cycle, on a recorded day on which the key"
        " result was behind pace by what was known just before.",
        "핵심 결과 “{name}”: 진척이 뒤처져 있던 {day}에 목표치가 바뀌었습니다: {old} → {new}."
        " 바뀌기 전 점수는 {score}, 기대 점수는 {expected}입니다.",
        "Key result “{name}”: the target was moved on {day}, while behind pace: {old} → {new}."
        " Before, the score was {score} and {expected} was expected.",
    ),
}


def advice(code: str, item: Item, **figures: object) -> Advice:
    """Return a piece of advice with its sentences filled in."""
    declared, what = CODES[code], WHAT[item.kind]
    text = Text(
        declared.ko.format(what=what.ko, name=item.name.ko, cycle=item.cycle, **figures),
        declared.en.format(what=what.en, name=item.name.en, cycle=item.cycle, **figures),
    )
    return Advice(code, declared.severity, item, text, declared.seed)
