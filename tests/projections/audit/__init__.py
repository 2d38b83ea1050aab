"""The audit trail: what it keeps, what it finds again, and how goalposts moved."""
