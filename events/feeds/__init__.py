"""Feeds (연동): where readings come from. A feed that was never registered may send too, by the defaults."""
