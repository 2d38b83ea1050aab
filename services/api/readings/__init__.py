"""Readings: sending them in bulk, listing, correcting and retracting them."""
