"""Objectives, key results, initiatives, and how they are aligned."""
