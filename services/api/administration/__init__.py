"""The workspace itself, and its tokens."""
