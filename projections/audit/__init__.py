"""The audit trail: who did what, when and why, and how the goalposts moved."""
