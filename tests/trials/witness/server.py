"""The witness's doors: dials, questions, cutting, a stream of events, and orders of faults.

POST /dials    {"dials": [{"key", "destination", "n", …}]} → {"statuses": {key: 201 | 409 | 503}}
POST /ask      {"keys": […]} → {"calls": {key: {"known", "live", "events"}}}
POST /hangup   {"keys": […]}
GET  /live     → {"keys": […]}
GET  /events   a line of JSON for each event, as it happens; what happens while nobody listens is told to nobody
POST /control  an order of a fault: see faults.py
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.trials.witness import log as logs
from tests.trials.witness.faults import Orders, Reply, Reset, Silence
from tests.trials.witness.network import Event, Line, Network

# How long a black hole keeps a connection, in seconds.
HOLE_SECONDS = 60.0
TOLD_OF_A_DIAL = ("destination", "n", "caller_id")


class Witness:
    """What the doors do."""

    def __init__(self, log: logs.Log, *, seed: str, scale: float, congestion: float) -> None:
        self.log, self.orders = log, Orders()
        self.network = Network(tell=self._tell, seed=seed, scale=scale, congestion=congestion)
        self._listeners: set[queue.SimpleQueue[list[Event]]] = set()
        self._turn = threading.Lock()

    def dials(self, body: Any) -> Reply:
        """Originate dials. Each is on the disk before anything is answered or rings."""
        statuses: dict[str, int] = {}
        lines: list[Line] = []
        entries = []
        with self._turn:
            for dial in body["dials"]:
                status, what = self._judged(dial)
                statuses[dial["key"]] = status
                entries.append(_entry(what, dial))
                if what == logs.ORIGINATED:
                    lines.append(self.network.open(dial["key"], dial))
        self.log.write(entries)
        self.network.ring(lines)
        return Reply(body={"statuses": statuses})

    def _judged(self, dial: Event) -> tuple[int, str]:
        # A key whose call has ended is taken again, as networks do: that the log shows it twice is the point.
        if self.network.is_live(dial["key"]):
            return 409, logs.REPEATED
        for fault in self.orders.striking("refuses"):
            if status := fault.refuses(dial):
                return status, logs.REFUSED
        return (503, logs.REFUSED) if self.network.refuses(dial) else (201, logs.ORIGINATED)

    def ask(self, body: Any) -> Reply:
        """Tell all that has happened to calls."""
        return Reply(body={"calls": {key: self._answer(key) for key in body["keys"]}})

    def _answer(self, key: str) -> dict[str, Any]:
        line = self.network.lines.get(key)
        answer = {
            "known": line is not None,
            "live": bool(line and line.is_live),
            "events": line.told[:] if line else [],
        }
        for fault in self.orders.striking("asked"):
            answer = fault.asked(key, answer)
        return answer

    def hangup(self, body: Any) -> Reply:
        """Cut calls."""
        for key in body["keys"]:
            self.network.hang_up(key)
        return Reply(body={})

    def live(self, body: Any) -> Reply:
        """List the calls in progress."""
        return Reply(body={"keys": self.network.live()})

    def control(self, body: Any) -> Reply:
        """Take an order, and tell which there are."""
        if body:
            self.orders.take(body)
        return Reply(body={"orders": self.orders.told()})

    def listen(self) -> queue.SimpleQueue[list[Event]]:
        """Return a queue on which batches of events will come."""
        heard: queue.SimpleQueue[list[Event]] = queue.SimpleQueue()
        self._listeners.add(heard)
        return heard

    def leave(self, heard: queue.SimpleQueue[list[Event]]) -> None:
        self._listeners.discard(heard)

    def _tell(self, events: list[Event]) -> None:
        ended = [event for event in events if event["type"] == "ended"]
        lines = [
            {"at": event["at"], "what": logs.ENDED, "key": event["key"], "outcome": event["outcome"]} for event in ended
        ]
        self.log.write(lines, safely=False)
        late: list[tuple[float, Event]] = []
        for fault in self.orders.striking("events"):
            changed = fault.events(events)
            late += [(seconds, event) for seconds, event in changed if seconds > 0]
            events = [event for seconds, event in changed if seconds <= 0]
        self._say(events)
        for seconds, event in late:
            timer = threading.Timer(seconds, self._say, [[event]])
            timer.daemon = True
            timer.start()

    def _say(self, events: list[Event]) -> None:
        if events:
            for heard in list(self._listeners):
                heard.put(events)


def _entry(what: str, dial: Event) -> Event:
    ref = str(dial.get("variables", {}).get("ref", ""))
    told = {name: dial.get(name) for name in TOLD_OF_A_DIAL}
    return {"at": time.time(), "what": what, "key": dial["key"], "ref": ref, **told}


class Server(ThreadingHTTPServer):
    """Listens on the loopback; each connection has a thread of its own."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, witness: Witness) -> None:
        self.witness = witness
        super().__init__(("127.0.0.1", port), Handler)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that were killed."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a client, kept open from request to request."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def do_GET(self) -> None:
        if self.path == "/events":
            self._stream()
        else:
            self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(raw) if raw else None
        try:
            self._answer(self._reply(body))
        except Reset:
            self._reset()
        except Silence:
            time.sleep(HOLE_SECONDS)
            self.close_connection = True

    def _reply(self, body: Any) -> Reply:
        witness, name = self.server.witness, self.path[1:]
        if name not in {"dials", "ask", "hangup", "live", "control"}:
            return Reply(status=404, body={})
        for fault in witness.orders.striking("before", self.path):
            if (instead := fault.before(self.path, body)) is not None:
                return instead
        reply: Reply = getattr(witness, name)(body)
        for fault in witness.orders.striking("after", self.path):
            reply = fault.after(self.path, body, reply)
        return reply

    def _answer(self, reply: Reply) -> None:
        raw = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw[: reply.cut_after])
        self.wfile.flush()
        if reply.cut_after is not None:
            self._reset()

    def _reset(self) -> None:
        """Cut the connection with a reset, as a network does that has lost its state."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def _stream(self) -> None:
        heard = self.server.witness.listen()
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.send_response(200)
            self.send_header("Content-Type", "application/x-ndjson")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.flush()
            while True:
                self._tell(heard)
        self.server.witness.leave(heard)

    def _tell(self, heard: queue.SimpleQueue[list[Event]]) -> None:
        try:
            events = heard.get(timeout=1)
        except queue.Empty:
            # An empty line shows that the listener is still there.
            events = []
        self.wfile.write("".join(json.dumps(event) + "\n" for event in events).encode() or b"\n")
        self.wfile.flush()

    def log_message(self, *args: Any) -> None:
        """Say nothing: what happened is in the log."""
