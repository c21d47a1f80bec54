"""A TCP proxy that stands between two parties and does to their connections what networks do.

slow       every byte comes some time later
trickle    so many bytes a second, and no more
reset      connections are cut with a reset, and so is every new one
refuse     nobody listens
hole       nothing comes through, and nobody is told; afterwards the connections are reset
limit      a connection is cut after so many bytes towards the client
slow_close the end of a connection is told late
sliced     bytes come through in small pieces
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass

PIECE = 65_536
ABORT = struct.pack("ii", 1, 0)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and how much of it: seconds for slow and slow_close, bytes for the others."""

    kind: str = ""
    amount: float = 0.0


WELL = Fault()


@dataclass(slots=True, eq=False)
class Pair:
    """One connection through the proxy."""

    client: socket.socket
    server: socket.socket
    sent: int = 0
    is_cut: bool = False

    def reset(self) -> None:
        """Cut both ends with a reset."""
        self.is_cut = True
        for end in (self.client, self.server):
            with contextlib.suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                # It wakes who reads and tells the other side nothing.
                end.shutdown(socket.SHUT_RD)
            end.close()


class Proxy:
    """Listens on a port of the loopback and passes on to another, until `end`."""

    def __init__(self, target: int) -> None:
        self.target, self.fault = target, WELL
        self.pairs: set[Pair] = set()
        self._listener = self._listen(0)
        self.port = int(self._listener.getsockname()[1])
        self._is_over = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def strike(self, fault: Fault) -> None:
        """Let a fault begin; connections that are open meet it too."""
        self.fault = fault
        if fault.kind == "reset":
            self._reset_all()

    def heal(self) -> None:
        """Let all be well again. What a black hole has swallowed does not come back: its connections are reset."""
        was, self.fault = self.fault, WELL
        if was.kind in {"hole", "refuse"}:
            self._reset_all()

    def end(self) -> None:
        """Stop listening and cut everything."""
        self._is_over.set()
        self._listener.close()
        self._reset_all()

    def _listen(self, port: int) -> socket.socket:
        return socket.create_server(("127.0.0.1", port), backlog=128)

    def _reset_all(self) -> None:
        for pair in list(self.pairs):
            pair.reset()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.fault.kind in {"reset", "refuse"}:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABORT)
                client.close()
                continue
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        pair = Pair(client, server)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pairs.add(pair)
        back = threading.Thread(target=self._pass, args=(pair, server, client), daemon=True)
        back.start()
        self._pass(pair, client, server)
        back.join()
        pair.reset()
        self.pairs.discard(pair)

    def _pass(self, pair: Pair, source: socket.socket, sink: socket.socket) -> None:
        """Pass on what comes from one side until it ends; a wrong end ends the other too."""
        with contextlib.suppress(OSError, ValueError):
            while (raw := source.recv(PIECE)) and not pair.is_cut:
                self._send(pair, sink, raw)
            if self.fault.kind == "slow_close":
                time.sleep(self.fault.amount)
        if not pair.is_cut:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def _send(self, pair: Pair, sink: socket.socket, raw: bytes) -> None:
        fault = self.fault
        match fault.kind:
            case "slow":
                time.sleep(fault.amount)
            case "hole":
                # Until somebody cuts the connection, or all is well again.
                while self.fault.kind == "hole" and not pair.is_cut:
                    time.sleep(0.05)
                raise OSError("swallowed")
            case "limit" if sink is pair.client:
                self._limited(pair, sink, raw, int(fault.amount))
                return
            case "trickle" | "sliced":
                self._piecemeal(sink, raw, fault)
                return
        sink.sendall(raw)

    def _limited(self, pair: Pair, sink: socket.socket, raw: bytes, most: int) -> None:
        left = most - pair.sent
        sink.sendall(raw[: max(left, 0)])
        pair.sent += len(raw)
        if len(raw) > left:
            pair.reset()
            raise OSError("cut")

    def _piecemeal(self, sink: socket.socket, raw: bytes, fault: Fault) -> None:
        size = max(1, int(fault.amount))
        for start in range(0, len(raw), size):
            sink.sendall(raw[start : start + size])
            time.sleep(1.0 if fault.kind == "trickle" else 0.001)
