"""Scorecards (평가표): the weighted KPIs and goals by which a unit or a person is judged in a cycle."""
