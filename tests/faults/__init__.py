"""Everything is killed at random moments, and nothing that was accepted is lost or there twice."""
