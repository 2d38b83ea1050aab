"""The ledger against real servers, on one node and on three."""
