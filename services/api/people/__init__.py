"""People, org units, and who belongs to which."""
