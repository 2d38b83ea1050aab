"""All departures from New York in 2013."""
