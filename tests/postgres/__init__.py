"""Tests of what all processes share about PostgreSQL."""
