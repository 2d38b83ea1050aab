"""KPIs: their definitions, targets, trends, and the approval of their changes."""
