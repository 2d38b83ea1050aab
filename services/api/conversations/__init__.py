"""Conversations, feedback and recognition."""
