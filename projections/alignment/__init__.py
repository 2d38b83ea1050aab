"""Alignment: which goals carry which, and which are orphans."""
