"""Initiatives (실행과제): work done to move a key result, never a key result itself."""
