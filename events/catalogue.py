"""Imports every module that registers events, so that decoding knows them all: new ones are named here."""

import events.readings.events as readings

__all__ = ["readings"]
