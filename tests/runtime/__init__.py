"""Tests of settings, embedded servers and the supervisor."""
