"""The HTTP API: thin routers over goals, intake and the views."""
