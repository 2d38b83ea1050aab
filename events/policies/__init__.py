"""Policies (산정 기준): the versioned rules by which each framework grades its goals."""
