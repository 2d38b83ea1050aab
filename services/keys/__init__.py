"""Encryption of personal text: a key per person, so that a person's words can be erased from the ledger."""
