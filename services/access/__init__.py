"""Bearer tokens: who calls, for which workspace, and what the role allows."""
