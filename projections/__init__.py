"""Views of the events: pure folds, their tables and queries, and the scoring formulas."""
