"""Sending rows in batches: each is tried again until it is answered, which changes nothing twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import orjson

from events.text import Text
from services.cli.client import Client, nobody_answers, problem_line
from services.cli.importing.sources import Row
from services.cli.language import as_reported, fail

BATCH = 5000
"""Rows of one request."""
BATCH_SIZE = 4 * 2**20
"""Bytes or characters of a file that are read at most before they are sent: memory stays small, and so does
a request, however long the rows are and however few of them count."""
PATIENCE = 120.0
"""Seconds for which a server that was there is waited for."""
LONGEST_TRY = 30.0
"""Seconds that one try counts as at most: a laptop that slept in the middle of it has not waited."""
_LONGEST_PAUSE = 5.0

Receipt = dict[str, Any]


class Sender:
    """Sends batches to one feed."""

    def __init__(self, client: Client, feed: str, waiting: Callable[[str], None]) -> None:
        """`waiting` is told in one line why a batch is tried again."""
        self._client = client
        self._feed = feed
        self._waiting = waiting
        self._answered = False
        self.position = 0
        """Of the last event; a view at this position shows everything that was sent."""

    def send(self, rows: Sequence[Row]) -> list[Receipt]:
        """Return the receipt of each row. Ends the command when the batch is refused or nobody answers."""
        body = b"\n".join(row.item for row in rows if isinstance(row.item, bytes))
        if not body:
            return []
        waited, pause = 0.0, 0.25
        while True:
            problem, retry_after = "", 0.0
            began = time.monotonic()
            try:
                response = self._client.http.post(
                    "/v1/readings",
                    params={"feed": self._feed},
                    content=body,
                    headers={"Content-Type": "application/x-ndjson"},
                )
                if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
                    problem = problem_line(response)
                    retry_after = float(response.headers.get("Retry-After", 0))
                elif response.is_error:
                    fail(as_reported(problem_line(response)))
                else:
                    self._answered = True
                    *receipts, summary = [orjson.loads(line) for line in response.content.splitlines()]
                    self.position = max(self.position, summary["position"])
                    return receipts
            except httpx.ConnectError as error:
                if not self._answered:
                    fail(nobody_answers(self._client.url))
                problem = str(error)
            except httpx.HTTPError as error:
                problem = str(error) or type(error).__name__
            if waited > PATIENCE:
                fail(
                    Text(
                        f"{problem}. 응답받은 것은 기록되었으니 같은 명령을 다시 실행하면 이어서 처리합니다",
                        f"{problem}. What was answered is stored; run the same command again to go on",
                    )
                )
            self._waiting(problem)
            time.sleep(max(pause, retry_after))
            waited += min(time.monotonic() - began, LONGEST_TRY)
            pause = min(pause * 2, _LONGEST_PAUSE)


def sent_ahead(sender: Sender, rows: Iterator[Row]) -> Iterator[tuple[list[Row], list[Receipt]]]:
    """Batches of rows with their receipts; the next batch is read while one is under way.

    One after the other, as the order of two deliveries of one reading matters.
    """
    with ThreadPoolExecutor(1, "send") as thread:
        under_way: tuple[list[Row], Future[list[Receipt]]] | None = None
        for batch in batches(rows):
            sending = thread.submit(sender.send, [row for row in batch if isinstance(row.item, bytes)])
            if under_way is not None:
                yield under_way[0], under_way[1].result()
            under_way = batch, sending
        if under_way is not None:
            yield under_way[0], under_way[1].result()


def batches(rows: Iterator[Row]) -> Iterator[list[Row]]:
    """Rows in batches of so many that can be sent."""
    batch: list[Row] = []
    sendable = size = 0
    for row in rows:
        batch.append(row)
        sendable += isinstance(row.item, bytes)
        size += row.size
        if sendable == BATCH or size >= BATCH_SIZE:
            yield batch
            batch, sendable, size = [], 0, 0
    if batch:
        yield batch
