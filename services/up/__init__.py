"""`goaltrail up`: the servers of one machine, and the supervisor that runs everything on it."""
