"""Access: tokens of persons and feeds, never the secrets themselves."""
