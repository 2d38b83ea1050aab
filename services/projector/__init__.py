"""Projection workers: they read the ledger gap-free and keep the tables of groups."""
