"""Feeds: sources of readings."""
