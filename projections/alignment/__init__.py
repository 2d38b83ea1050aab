"""How goals hang together: which carry which, and which hang on nothing."""
