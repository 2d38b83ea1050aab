"""The reference of advice, from the catalogue of its codes."""

from __future__ import annotations

from projections.advice.codes import CODES, DOCUMENTS

HEAD = """# Advice (조언)

Written by `make docs` from `projections/advice/codes.py`.

Limits and good form are advice, never errors: nothing is refused because of it, and it is stored nowhere.
Goals, KPIs and their history are looked at whenever somebody asks: `GET /v1/advice` or `goaltrail advise`.
The receipt of a change has `advice` on what was just written; what only shows beside others, such as how many
objectives a unit has, is not looked at there, nor is pace.
What is dropped, retired or archived gets none. Words of titles are read in Korean and English; where they are
not clear nothing is said.

`severity` is `info` (good to know), `warning` (look at it again) or `strong` (the figure will mislead). The
last column, and the field `seed` in answers, name the document and section that the rule comes from, such
as `001 3.4`:

"""


def advice_reference() -> str:
    """A row for each code, then its sentences in both languages."""
    parts = [HEAD, *(f"- {number}: {title.ko} ({title.en})\n" for number, title in DOCUMENTS.items())]
    parts += ["\n| code | severity | given when | from |\n|---|---|---|---|\n"]
    parts += [f"| `{name}` | {code.severity} | {code.when} | {code.seed} |\n" for name, code in CODES.items()]
    parts.append("\n## What it says\n\nIn braces stands what is filled in.\n")
    parts += [f"\n`{name}`\n\n- {code.ko}\n- {code.en}\n" for name, code in CODES.items()]
    return "".join(parts)
