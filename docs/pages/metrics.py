"""The reference of metrics, from the objects that measure."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from types import ModuleType

from prometheus_client.metrics import MetricWrapperBase

import services.api
import services.commands
import services.intake
import services.projector

HEAD = """# Metrics

Written by `make docs` from the metric objects in `services/`.

In the text format of Prometheus: the API on `GET /metrics` of its own port, intake and projector on
`GET /metrics` of `GOALTRAIL_METRICS_PORT` (0, the default, means no page). No token is needed. Each process
also tells the usual `process_…` and `python_…` figures.

"""

PROCESSES: dict[str, tuple[ModuleType, ...]] = {
    "api": (services.api, services.commands),
    "intake": (services.intake,),
    "projector": (services.projector,),
}
"""By the process that shows them."""


def metrics_reference() -> str:
    """A table of metrics for each process."""
    parts = [HEAD]
    for process, packages in PROCESSES.items():
        parts.append(f"## {process}\n\n| metric | type | labels | meaning |\n|---|---|---|---|\n")
        parts += sorted(_row(metric) for package in packages for metric in _metrics(package))
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def _metrics(package: ModuleType) -> set[MetricWrapperBase]:
    """Return every metric that is declared in a package's modules, at any depth."""
    modules = [
        import_module(found.name) for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return {
        value for module in modules for value in vars(module).values() if isinstance(value, MetricWrapperBase)
    }


def _row(metric: MetricWrapperBase) -> str:
    (described,) = metric.describe()
    name = f"{described.name}_total" if described.type == "counter" else described.name
    labels = ", ".join(f"`{label}`" for label in metric._labelnames)
    return f"| `{name}` | {described.type} | {labels} | {described.documentation} |\n"
