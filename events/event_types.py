"""Imports every module that registers events, so that decoding knows them all: new ones are named here."""

import events.access.events
import events.conversations.events
import events.cycles.events
import events.feedback.events
import events.feeds.events
import events.initiatives.events
import events.kpis.events
import events.ledger.events
import events.objectives.agreement_events
import events.objectives.events
import events.objectives.key_result_events
import events.org_units.events
import events.people.events
import events.policies.events
import events.readings.events
import events.recognition.events
import events.scorecards.events
import events.talk.events
import events.workspace.events  # noqa: F401
