"""The rules that hold until a workspace sets its own: version 0 of each policy."""

from decimal import Decimal

from events.policies.rules import Band, Framework, Rules, Yardstick

_NOT_REACHED = Band(code="not_reached", name_ko="미달", name_en="not reached")
_REACHED = Band(code="reached", name_ko="달성", name_en="reached", at_least=Decimal(1))
_IN_FULL = Yardstick(expected_end=Decimal(1), bands=(_NOT_REACHED, _REACHED))
_STRETCH = Yardstick(
    expected_end=Decimal("0.7"),
    bands=(
        Band(code="off", name_ko="크게 미달", name_en="off"),
        Band(code="short", name_ko="미흡", name_en="short", at_least=Decimal("0.3")),
        Band(code="success", name_ko="성공", name_en="success", at_least=Decimal("0.6")),
        Band(
            code="reached",
            name_ko="달성(충분히 어려웠습니까?)",
            name_en="reached: was it hard enough?",
            at_least=Decimal(1),
        ),
    ),
)
_OPERATION = Yardstick(
    expected_end=Decimal(1),
    bands=(
        Band(code="problem", name_ko="문제", name_en="problem"),
        Band(code="watch", name_ko="주의", name_en="watch", at_least=Decimal("0.7")),
        Band(code="healthy", name_ko="양호", name_en="healthy", at_least=Decimal("0.9")),
    ),
)

DEFAULTS: dict[Framework, Rules] = {
    "okr": Rules(usual=_IN_FULL, stretch=_STRETCH, shown_cap=Decimal(1), reward_link="refused"),
    "kpi": Rules(usual=_OPERATION, shown_cap=Decimal("1.2"), reward_link="allowed"),
    "mbo": Rules(usual=_IN_FULL, shown_cap=Decimal("1.2"), reward_link="linked"),
}
