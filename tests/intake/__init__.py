"""Intake: what is taken, what is not, and that nothing is taken twice."""
