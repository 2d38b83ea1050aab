"""What can happen, and when it may: events, commands and the rules between them. Pure."""
