"""Feedback: between two people, or open to the line of who gets it."""
