"""What people say to each other: what conversations, feedback and recognition have in common."""
