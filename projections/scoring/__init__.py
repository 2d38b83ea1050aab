"""The one place where scores are computed: pure functions of goal facts, KPI values by day, and a date."""
