"""Tests. Everything that talks to a server talks to a real one."""
