"""A client that imports readings and does not give up: it sends a batch again until it has all receipts."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import NamedTuple

import httpx

KPIS = 20
BATCH = 1000
SENDERS = 2
RETRY = 0.2
"""Seconds until the next try where the answer does not say."""
TIMEOUT = 30.0
GIVE_UP = 120.0
"""Seconds without any answer after which the import has failed."""
START = datetime.fromisoformat("2026-01-01T00:00:00+09:00")

Item = dict[str, str]


class Told(NamedTuple):
    """What a receipt said about a reading."""

    status: str
    position: int


class ImportFailed(Exception):
    """The API refused for good, or nothing answered for very long."""


def items(count: int) -> list[Item]:
    """Readings of all KPIs in turns, two a minute."""
    return [
        {
            "kpi": f"kpi-{number % KPIS:02d}",
            "source_id": f"n-{number}",
            "value": str(number % 1000),
            "observed_at": (START + timedelta(seconds=30 * number)).isoformat(),
        }
        for number in range(count)
    ]


class Import:
    """Sends batches over several connections; what was answered is kept for every reading."""

    def __init__(self, url: str, token: str, batches: Sequence[Sequence[Item]], seed: int) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._batches = batches
        self._waiting = iter(batches)
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._done = threading.Event()
        self.told: defaultdict[str, list[Told]] = defaultdict(list)
        """By source id, over all tries that were answered."""
        self.finished = 0
        """Readings of batches that are through."""
        self.lost = 0
        """Tries that ended without an answer, or with one that says to try again."""

    def run(self) -> None:
        """Import everything. Raises ImportFailed."""
        with ThreadPoolExecutor(SENDERS + 1) as threads:
            again = threads.submit(self._send_again)
            senders = [threads.submit(self._send_all) for _ in range(SENDERS)]
            try:
                for sender in senders:
                    sender.result()
            finally:
                self._done.set()
            again.result()

    def _send_all(self) -> None:
        with httpx.Client(base_url=self._url, headers=self._headers, timeout=TIMEOUT) as client:
            while True:
                with self._lock:
                    batch = next(self._waiting, None)
                if batch is None:
                    return
                self._send(client, batch)
                with self._lock:
                    self.finished += len(batch)

    def _send_again(self) -> None:
        """Another client that sends some of the same, before, while or after the others do."""
        with httpx.Client(base_url=self._url, headers=self._headers, timeout=TIMEOUT) as client:
            while not self._done.wait(0.5):
                at = min(self.finished // BATCH + self._random.randint(-3, 2), len(self._batches) - 1)
                batch = self._batches[max(0, at)]
                some = self._random.sample(batch, len(batch) // 2)
                self._send(client, some)

    def _send(self, client: httpx.Client, batch: Sequence[Item]) -> None:
        until = time.monotonic() + GIVE_UP
        while True:
            pause = RETRY
            try:
                answer = client.post("/v1/readings", params={"feed": "import"}, json=batch)
                if answer.status_code == httpx.codes.OK:
                    self._note(batch, answer)
                    return
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    raise ImportFailed(answer.text)
                pause = float(answer.headers.get("Retry-After", RETRY))
            except httpx.TransportError:
                pass
            with self._lock:
                self.lost += 1
            if time.monotonic() > until:
                raise ImportFailed(f"no answer for {GIVE_UP:.0f} s")
            time.sleep(pause)

    def _note(self, batch: Sequence[Item], answer: httpx.Response) -> None:
        receipts = answer.json()["receipts"]
        assert [receipt["source_id"] for receipt in receipts] == [item["source_id"] for item in batch]
        with self._lock:
            for receipt in receipts:
                self.told[receipt["source_id"]].append(Told(receipt["status"], receipt["position"]))
