"""What can happen and when it may: given events, when a command, then events or a refusal."""
