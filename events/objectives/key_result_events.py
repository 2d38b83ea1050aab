"""Events of a key result (핵심 결과). It lives in its objective: one aggregate, one ledger subject."""

from datetime import date

from events.decimals import Number
from events.measures import Measure
from events.objectives.trajectory import Trajectory
from events.registry import Backdatable, EventData, Report, event
from events.relative import FrozenBase


class KeyResultEvent(EventData):
    """Something that happened to one key result of the objective."""

    key_result: str


class Goalpost(KeyResultEvent, Backdatable):
    """Something that a score of the key result is held against, or follows from, is another one."""


@event(
    "key_result.added",
    ko="{actor} 핵심 결과 ‘{title}’을(를) 추가했습니다(목표치 {measure}).",
    en="{actor} added the key result “{title}” (target {measure}).",
)
class KeyResultAdded(Goalpost):
    """An objective has one more key result. Its target holds from the cycle's first day, `effective_from`."""

    title: str
    measure: Measure
    effective_from: date
    kpi: str | None = None
    """The KPI its value comes from; without one its value comes from check-ins."""
    owner: str | None = None
    """A person's id."""
    weight: Number | None = None
    trajectory: Trajectory = ()
    """What is expected on the way, in the order of the days."""


@event(
    "key_result.reworded",
    ko="{actor} 핵심 결과 문구를 바꿨습니다: ‘{old}’ → ‘{new}’.",
    en="{actor} reworded the key result “{old}” to “{new}”.",
)
class KeyResultReworded(KeyResultEvent):
    """A key result is said in other words; what it measures is the same."""

    old: str
    new: str


@event(
    "key_result.measure_changed",
    ko="{actor} 핵심 결과 {key_result} 측정 방식을 바꿨습니다: 목표치 {old} → {new} ({effective_from}부터).",
    en="{actor} measures the key result {key_result} otherwise, target {old} → {new},"
    " from {effective_from} on.",
)
class MeasureChanged(KeyResultEvent):
    """From a business day on a key result is measured by another kind, in another unit or direction.

    On earlier days all holds as it did. On later ones targets and declared points of before do not count,
    nor values that people reported in another unit; steps that the new measure has too stay done.
    """

    old: Measure
    new: Measure
    effective_from: date
    kpi: str | None = None
    """The KPI its value comes from since; one in another unit gives none any more."""
    cycle_over: bool = False
    """The cycle's last day was over: that cycle goes on being judged by the measure before."""


@event(
    "key_result.target_changed",
    ko="{actor} 핵심 결과 {key_result} 목표치를 바꿨습니다: {old} → {new} ({effective_from}부터).",
    en="{actor} changed the target of the key result {key_result}, {old} → {new}, from {effective_from} on.",
)
class TargetChanged(Goalpost):
    """From a business day on another target holds."""

    old: Number
    """The target that held on that day until now."""
    new: Number
    effective_from: date


@event(
    "key_result.range_changed",
    ko="{actor} 핵심 결과 {key_result} 목표 범위를 바꿨습니다:"
    " {old}~{old_upper} → {new}~{upper} ({effective_from}부터).",
    en="{actor} changed the target range of the key result {key_result} from {old} to {old_upper}"
    " into {new} to {upper}, from {effective_from} on.",
)
class RangeChanged(TargetChanged):
    """From a business day on `between` has other edges; the targets are the lower ones."""

    old_upper: Number
    """The upper edge that held on that day until now."""
    upper: Number


@event(
    "key_result.relative_resolved",
    ko="{actor} 핵심 결과 {key_result} 상대 목표를 확정했습니다:"
    " {base.start} ~ {base.end} 실적 {base.readings}건(위치 {base.first_position} ~ {base.last_position})에서"
    " 기준값 {base.value}, 목표치 {old} → {new} ({effective_from}부터).",
    en="{actor} resolved the relative goal of the key result {key_result}: baseline {base.value} from"
    " {base.readings} readings of {base.start} to {base.end} (positions {base.first_position} to"
    " {base.last_position}), target {old} → {new}, from {effective_from} on.",
)
class RelativeResolved(Goalpost, Report):
    """Baseline and target of a relative goal are frozen, with the readings they came from."""

    old: Number | None = None
    """The target that held on that day until now."""
    new: Number
    base: FrozenBase
    effective_from: date


@event(
    "key_result.baseline_corrected",
    ko="{actor} 핵심 결과 {key_result} 기준값을 바로잡았습니다: {old} → {new}.",
    en="{actor} corrected the baseline of the key result {key_result} from {old} to {new}.",
)
class BaselineCorrected(Goalpost):
    """The figure the key result starts from was another one, for the whole cycle."""

    old: Number | None = None
    new: Number


@event(
    "key_result.weight_changed",
    ko="{actor} 핵심 결과 {key_result} 가중치를 바꿨습니다: {old} → {new}.",
    en="{actor} changed the weight of the key result {key_result} from {old} to {new}.",
)
class WeightChanged(Goalpost):
    """A key result counts more or less in its objective."""

    old: Number | None = None
    new: Number | None = None


@event(
    "key_result.linked",
    ko="{actor} 핵심 결과 {key_result} 값을 KPI {new}에 연결했습니다(이전: {old}).",
    en="{actor} linked the key result {key_result} to the KPI {new} (before: {old}).",
)
class KpiLinked(Goalpost):
    """The value of a key result comes from a KPI."""

    old: str | None = None
    new: str


@event(
    "key_result.unlinked",
    ko="{actor} 핵심 결과 {key_result} 값의 KPI {old} 연결을 끊었습니다.",
    en="{actor} unlinked the key result {key_result} from the KPI {old}.",
)
class KpiUnlinked(Goalpost):
    """The value of a key result comes from check-ins again."""

    old: str


@event(
    "key_result.owner_changed",
    ko="{actor} 핵심 결과 {key_result} 담당자를 바꿨습니다: {old} → {new}.",
    en="{actor} changed the owner of the key result {key_result} from {old} to {new}.",
)
class KeyResultOwnerChanged(KeyResultEvent):
    """Another person answers for a key result, or nobody."""

    old: str | None = None
    new: str | None = None


@event(
    "key_result.checked_in",
    ko="{actor} 핵심 결과 {key_result} 체크인을 남겼습니다({day}[, 값 {value}][, 자신감 {confidence}]).",
    en="{actor} checked in on the key result {key_result}"
    " ({day}[, value {value}][, confidence {confidence}]).",
    personal=("note",),
)
class CheckedIn(KeyResultEvent, Report, Backdatable):
    """A person's report. A value counts if no KPI gives it; confidence (0 to 10) and note never do."""

    day: date
    value: Number | None = None
    confidence: int | None = None
    note: str | None = None


@event(
    "key_result.trajectory_declared",
    ko="{actor} 핵심 결과 {key_result} 예상 경로를 정했습니다.",
    en="{actor} declared the trajectory of the key result {key_result}.",
)
class TrajectoryDeclared(Goalpost):
    """A key result is expected to go another way, for the whole cycle; without points, any way."""

    old: Trajectory = ()
    new: Trajectory = ()


@event(
    "key_result.step_done",
    ko="{actor} {day} 핵심 결과 {key_result} 단계 {step} 완료를 기록했습니다.",
    en="{actor} marked the step {step} of the key result {key_result} as done, {day}.",
)
class StepDone(KeyResultEvent, Report, Backdatable):
    """A step of a milestone is done since a business day."""

    step: str
    day: date


@event(
    "key_result.step_reopened",
    ko="{actor} 핵심 결과 {key_result} 단계 {step} 완료를 {day}부터 취소했습니다.",
    en="{actor} reopened the step {step} of the key result {key_result}, from {day} on.",
)
class StepReopened(KeyResultEvent, Report, Backdatable):
    """A step that was marked as done is not, from a business day on. The reason is in the envelope."""

    step: str
    day: date


@event(
    "key_result.dropped",
    ko="{actor} 핵심 결과 {key_result} 추진을 중단했습니다.",
    en="{actor} dropped the key result {key_result}.",
)
class KeyResultDropped(Goalpost):
    """A key result counts no longer; its history stays. The reason is in the envelope."""
