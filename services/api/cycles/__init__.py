"""Cycles, and the policies that they pin."""
