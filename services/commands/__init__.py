"""The command wing: load, decide, append. The only writer of goals, units, cycles and KPIs."""
