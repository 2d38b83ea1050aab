"""How fast Goaltrail is on this machine, beside a peer that does the same work. `make bench`."""
