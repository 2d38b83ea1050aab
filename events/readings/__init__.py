"""Readings (실적): measured values of KPIs."""
