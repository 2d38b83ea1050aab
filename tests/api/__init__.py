"""The HTTP API over real NATS and PostgreSQL, with a projector running beside it."""
