"""Intake: the one function that every reading passes, however it was sent."""
