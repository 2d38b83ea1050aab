"""People (구성원): who they are, sealed with keys of their own, and which units they belong to, when."""
