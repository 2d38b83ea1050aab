"""The ledger itself: decisions about its positions."""
