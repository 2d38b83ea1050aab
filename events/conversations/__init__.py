"""Conversations: what is to be talked about, what was said and what was agreed."""
