"""Group `state`: OKR state, readings, KPI days and score history, with one checkpoint."""
