"""How long one thing takes, with a million readings stored: a command, a reading until it shows, a trend."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from benchmarks import company
from benchmarks.client import Client
from benchmarks.measuring import Figure, Watch, milliseconds
from benchmarks.site import JSON, Site

READINGS = 1_000_000
COMMANDS = 500
IDLE = 60.0
"""Seconds without any command."""
IDLE_ROUNDS = 3
ONE_BY_ONE = 500
"""Readings that are sent one at a time."""
PAUSE = 0.05
"""Seconds between them: nothing is under way when the next one comes."""
TRENDS = 1000
BUCKETS = ("day&from=2024-10-01&to=2024-12-31", "week", "month", "quarter", "year")


def measure(site: Site, scale: float) -> list[Figure]:
    """All of them over one kept connection each, one request at a time."""
    site.grow(round(READINGS * scale))
    some = max(0.1, min(1.0, scale))
    return [
        *_commands(site, round(COMMANDS * some), IDLE * some, max(1, round(IDLE_ROUNDS * some))),
        _visible(site, round(ONE_BY_ONE * some)),
        _trends(site, round(TRENDS * some)),
    ]


def _commands(site: Site, count: int, idle: float, rounds: int) -> list[Figure]:
    """Target changes: of objectives nobody has touched for a million events, warm, and after a pause."""
    client = site.client()
    watches = [Watch(site.groups()) for _ in range(3)]
    with watches[0]:
        cold = [Change(client, 2024, number).timed() for number in range(0, 2 * company.OBJECTIVES, 2)]
    changes = [Change(client, 2025, number) for number in range(0, 2 * company.OBJECTIVES, 2)]
    for change in changes:
        change.timed()
    warm = []
    with watches[1]:
        for number in range(count):
            change = changes[number % len(changes)]
            change.read()  # as a person does before changing it; not counted
            warm.append(change.timed())
    after = []
    with watches[2]:
        for _ in range(rounds):
            client.close()  # the API closes idle connections; the next request opens one
            time.sleep(idle)
            # Whoever comes first finds everything as the pause has left it.
            after += [change.timed() for change in changes]
    client.close()
    return [
        _figure("command_warm", f"target change → ack, warm ({count})", warm, watches[1]),
        _figure(
            "command_idle",
            f"target change → ack, {idle:.0f} s idle ({len(after)})",
            after,
            watches[2],
        ),
        _figure("command_cold", f"target change → ack, untouched so far ({len(cold)})", cold, watches[0]),
    ]


class Change:
    """Changes of one key result's target."""

    def __init__(self, client: Client, year: int, number: int) -> None:
        self._client = client
        self._path = f"/v1/key-results/{company.key_result_id(year, number)}"
        self._start = f"{year}-02-01"
        self._target = 1000
        self._position = 0
        self._revision = ""
        self.read()

    def read(self) -> None:
        """Read the key result, at least as it was changed last."""
        answer = self._client.get(self._path, {"Goaltrail-Min-Position": str(self._position)})
        self._revision = answer.headers["etag"]

    def timed(self) -> float:
        """Change the target; the seconds until it is acked."""
        self._target += 1
        body = {"target": str(self._target), "effective_from": self._start, "reason": "a better plan"}
        answer = self._client.post(f"{self._path}/targets", body, {"If-Match": self._revision})
        self._revision = answer.headers["etag"]
        self._position = int(answer.headers["goaltrail-position"])
        return answer.seconds


def _visible(site: Site, count: int) -> Figure:
    """Send a reading and read the trend at its position: what a person waits for who enters a figure."""
    client = site.client()
    watch = Watch(site.groups())
    seconds = []
    with watch:
        for reading in site.next_readings(count):
            body = company.body_of([reading])
            time.sleep(PAUSE)
            started = time.perf_counter()
            answer = client.send("/v1/readings", body.content, JSON)
            trend = f"/v1/kpis/{company.kpi_id(reading.kpi)}/trend?from=2025-01-01&to=2025-12-31"
            client.get(trend, {"Goaltrail-Min-Position": answer.headers["goaltrail-position"]})
            seconds.append(time.perf_counter() - started)
    client.close()
    return _figure("one_visible", "one reading → ack → in the trend", seconds, watch)


def _trends(site: Site, count: int) -> Figure:
    """Trends of random KPIs in random buckets over the two years."""
    draw = random.Random(company.SEED)
    client = site.client()
    watch = Watch(site.groups())
    seconds = []
    with watch:
        for _ in range(count):
            bucket = draw.choice(BUCKETS)
            span = "" if "from" in bucket else "&from=2024-01-01&to=2025-12-31"
            path = f"/v1/kpis/{company.kpi_id(draw.randrange(company.KPIS))}/trend?bucket={bucket}{span}"
            seconds.append(client.get(path).seconds)
    client.close()
    return _figure("trend", "trend read", seconds, watch)


def _figure(name: str, work: str, seconds: Sequence[float], watch: Watch) -> Figure:
    """Percentiles, the higher one as the figure."""
    middle, high = milliseconds(seconds, 50), milliseconds(seconds, 99)
    return Figure(name, work, high, "ms", "", None, middle, high, watch.cpu, watch.memory)
