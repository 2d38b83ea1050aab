"""Advice as it is answered."""

from __future__ import annotations

from pydantic import BaseModel, Field

from projections.advice.codes import Advice, Kind, Severity


class AdviceOut(BaseModel):
    """One piece of advice on one item. The codes are in docs/reference/advice.md."""

    code: str = Field(examples=["objective_is_number"])
    severity: Severity
    kind: Kind = Field(description="What it is about.")
    id: str = Field(description="Of the item it is about.")
    name_ko: str
    name_en: str
    cycle: str | None = Field(description="null for what belongs to no cycle.")
    message_ko: str
    message_en: str
    seed: str = Field(
        description="The document and section that the rule comes from; docs/reference/advice.md names the"
        " documents.",
        examples=["001 4.2"],
    )


def advice_out(piece: Advice) -> AdviceOut:
    """Return a piece of advice in both languages."""
    item = piece.item
    return AdviceOut(
        code=piece.code,
        severity=piece.severity,
        kind=item.kind,
        id=item.id,
        name_ko=item.name.ko,
        name_en=item.name.en,
        cycle=item.cycle,
        message_ko=piece.text.told("ko"),
        message_en=piece.text.told("en"),
        seed=piece.seed,
    )
