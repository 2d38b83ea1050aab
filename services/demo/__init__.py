"""The demo company: a year of goals and readings as data (`content/`), and how it gets into a workspace."""
