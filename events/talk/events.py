"""What happens to what people say to each other besides what they do themselves."""

from events.registry import Report, event


@event(
    "private_text.read",
    ko="{actor} 당사자는 아니지만 글 {id}을(를) 읽었습니다(당사자 {parties}).",
    en="{actor} read {id} without being a party to it; the parties are {parties}.",
)
class PrivateTextRead(Report):
    """Somebody read what was said to few, as the line of one of them; once a day for each reader."""

    parties: tuple[str, ...]
