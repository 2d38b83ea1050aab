"""Events of a recognition. Its id is the aggregate's."""

from events.registry import EventData, event


@event(
    "recognition.given",
    ko="{actor} {to} 님에게 인정과 감사를 전했습니다.",
    en="{actor} recognised {to}.",
    personal=("text",),
)
class RecognitionGiven(EventData):
    """A person thanked or praised others before everybody."""

    to: tuple[str, ...]
    text: str
    about: str | None = None


@event(
    "recognition.reworded",
    ko="{actor} 인정 {id}의 글을 고쳤습니다.",
    en="{actor} put the recognition {id} in other words.",
    personal=("text",),
)
class RecognitionReworded(EventData):
    """A recognition reads otherwise; its earlier words are shown no longer."""

    text: str


@event(
    "recognition.redacted",
    ko="{actor} 인정 {id}의 글을 지웠습니다.",
    en="{actor} took back the words of the recognition {id}.",
    withdraws=True,
)
class RecognitionRedacted(EventData):
    """The words are shown no longer; that there was a recognition stays."""
