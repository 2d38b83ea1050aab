"""Settings, logging, embedded servers, and the supervisor that runs everything on one machine."""
