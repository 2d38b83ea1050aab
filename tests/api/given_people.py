"""What tests of people and their neighbours start from."""

from __future__ import annotations

NAME, NEW_NAME, MAIL = "김수로왕", "이수로왕", "suro.kim@example.com"
