"""Health, readiness, metrics, and the AsyncAPI document."""
