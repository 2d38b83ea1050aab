"""What all endpoints share: problems, conditional requests, idempotency, paging, limits, security."""
