"""The proxy must do what it says, or the trials through it would prove nothing."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.trials.between import Fault, Proxy


@pytest.fixture
def echo():
    """A proxy before a server that says everything back."""
    server = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=_serve, args=(server,), daemon=True).start()
    proxy = Proxy(server.getsockname()[1])
    yield proxy
    proxy.end()
    server.close()


def _serve(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_say_back, args=(client,), daemon=True).start()


def _say_back(client: socket.socket) -> None:
    with client:
        try:
            while raw := client.recv(65_536):
                client.sendall(raw)
        except OSError:
            return


def connected(proxy: Proxy) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout=10)


def said(client: socket.socket, raw: bytes) -> bytes:
    """Send bytes; return what comes back until it is all there or the connection ends."""
    client.sendall(raw)
    back = b""
    while len(back) < len(raw) and (piece := client.recv(65_536)):
        back += piece
    return back


def once(proxy: Proxy) -> None:
    """Connect and be answered."""
    with connected(proxy) as client:
        assert said(client, b"hello") == b"hello", "it ended without a reset"


def until_reset(client: socket.socket) -> bytes:
    """Return what comes before the reset."""
    back = b""
    try:
        while piece := client.recv(65_536):
            back += piece
    except ConnectionResetError:
        return back
    raise AssertionError("the end came without a reset")


@pytest.mark.parametrize("fault", [Fault(), Fault("sliced", 7), Fault("slow_close", 0.1), Fault("limit", 5000)])
def test_bytes_come_through_whole(echo, fault):
    echo.strike(fault)
    with connected(echo) as client:
        assert said(client, b"a" * 1000) == b"a" * 1000


def test_latency_delays_both_ways(echo):
    echo.strike(Fault("slow", 0.1))
    with connected(echo) as client:
        began = time.monotonic()
        assert said(client, b"hello") == b"hello"
        assert time.monotonic() - began >= 0.2


def test_a_limit_cuts_in_the_middle(echo):
    echo.strike(Fault("limit", 100))
    with connected(echo) as client:
        client.sendall(b"a" * 5000)
        assert len(until_reset(client)) <= 100


@pytest.mark.parametrize("kind", ["reset", "refuse"])
def test_a_reset_meets_new_connections_too(echo, kind):
    client = connected(echo)
    said(client, b"hello")
    echo.strike(Fault(kind))

    with pytest.raises(ConnectionError):
        once(echo)
    echo.heal()
    client.close()
    once(echo)


def test_a_hole_swallows_and_healing_cuts(echo):
    with connected(echo) as client:
        said(client, b"hello")
        echo.strike(Fault("hole"))
        client.sendall(b"lost")
        client.settimeout(0.3)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(10)
        echo.heal()
        assert until_reset(client) == b""
