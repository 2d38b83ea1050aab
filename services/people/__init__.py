"""People (구성원) as services need them: where they belong, who leads them, and their names."""
