"""Cycles (사이클): the dated periods goals belong to."""
