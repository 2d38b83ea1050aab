"""Goal commands on the real ledger, with and without views."""
