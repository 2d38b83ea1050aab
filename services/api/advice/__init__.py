"""Advice on goals and KPIs."""
