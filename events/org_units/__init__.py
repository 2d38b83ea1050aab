"""Org units (조직): the tree of units."""
