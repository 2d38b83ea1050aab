"""Scorecards: weighted KPIs and goals of a unit or person."""
