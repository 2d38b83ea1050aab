"""The reference of the settings, from their declarations."""

from __future__ import annotations

from services.runtime.settings import Settings

HEAD = """# Settings

Written by `make docs` from `services/runtime/settings.py`.

Every process reads environment variables. A file in the directory that `GOALTRAIL_SECRETS_DIR` names, with
the variable's name in lower case, does the same for secrets. `goaltrail up` tells its own processes where its
servers are.

| variable | default | meaning |
|---|---|---|
"""


def settings_reference() -> str:
    """Return the page as Markdown."""
    rows = []
    for name, field in Settings.model_fields.items():
        secret = "Secret" in str(field.annotation)
        default = "" if secret or field.default is None else f"`{field.default}`"
        rows.append(f"| `GOALTRAIL_{name.upper()}` | {default} | {field.description} |\n")
    return HEAD + "".join(rows)
