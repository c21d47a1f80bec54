"""The same request again and again, against a real web server: one effect for each key, the same answer to the byte.

Each key goes through all of it: the connection is cut as soon as the request is sent, twins come in parallel, another
body comes, then the key again just before it ends and just after. Native keys (`Idempotency-Key`, three routes) end
after 24 hours; JAICP's (`Idempotence-Key`) never do. Time passes by moving the keys' own moments back.

python tests/trials/idempotence.py [--keys 1000] [--twins 50] [--small]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.config.running import free_port
from tests.trials import databases

KINDS = ("call", "bulk", "campaign", "jaicp")
ROWS = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: bytes
    replayed: str | None


@dataclass(slots=True)
class Key:
    """One key with its request, and what was wrong with the answers."""

    name: str
    kind: str
    path: str
    headers: dict[str, str]
    body: Any
    first: bytes = b""
    faults: list[str] = field(default_factory=list)

    def check(self, what: str, answer: Answer, *, status: int) -> None:
        """Note what is wrong with an answer that must be the first one's, or a refusal."""
        if answer.status != status:
            self.faults.append(f"{what}: status {answer.status} {answer.body[:120]!r}")
        elif status < 300 and self.first and answer.body != self.first:
            self.faults.append(f"{what}: another body, {answer.body[:120]!r} after {self.first[:120]!r}")
        elif status < 300:
            self.first = answer.body

    @property
    def good(self) -> int:
        """Return the status of a success."""
        return 200 if self.kind == "jaicp" else 201


class Client:
    """Sends requests, each over a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port, self.sent = port, 0

    def send(self, key: Key, body: Any = None) -> Answer:
        """Send a key's request, or another body under it, and read the answer."""
        self.sent += 1
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        raw = json.dumps(key.body if body is None else body).encode()
        try:
            connection.request("POST", key.path, raw, key.headers | {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return Answer(answer.status, answer.read(), answer.headers.get("Idempotent-Replayed"))
        except OSError as error:
            return Answer(0, repr(error).encode(), None)
        finally:
            connection.close()

    def cut(self, key: Key, *, share: float = 1.0) -> None:
        """Send a key's request, or only a share of it, and hang up before anything comes back."""
        self.sent += 1
        raw = json.dumps(key.body).encode()
        said = key.headers | {"Host": f"127.0.0.1:{self.port}", "Content-Length": str(len(raw))}
        said["Content-Type"] = "application/json"
        head = f"POST {key.path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in said.items())
        whole = f"{head}\r\n".encode() + raw
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as line:
            line.sendall(whole[: int(len(whole) * share)])


def torture(client: Client, key: Key, twins: ThreadPoolExecutor, times: int, turn: int) -> None:
    """Send one key's request in every bad way while it holds."""
    if turn % 3 == 1:
        client.cut(key)
    elif turn % 3 == 2:
        client.cut(key, share=0.98)
    answers = list(twins.map(client.send, [key] * times))
    for answer in answers:
        key.check("twin", answer, status=key.good)
    fresh = sum(answer.replayed is None for answer in answers)
    if key.kind != "jaicp" and fresh > 1:
        key.faults.append(f"{fresh} of the twins were told that they are the first")
    changed = client.send(key, _changed(key))
    # The vendor gives the first answer whatever the body; the native API says that it is another.
    key.check("changed body", changed, status=200 if key.kind == "jaicp" else 422)
    key.check("again", client.send(key), status=key.good)


def _changed(key: Key) -> Any:
    if key.kind == "jaicp":
        return [{"phone": "393999999999"}]
    return key.body | {"priority": 7} if key.kind == "call" else key.body | {"name": "Other", "calls": []}


def keys(count: int, fed: dict[str, Any]) -> list[Key]:
    """Return keys of all kinds in turn, each with a request of its own."""
    bearer = {"Authorization": f"Bearer {fed['key']}"}
    made = []
    for index in range(count):
        kind, name = KINDS[index % len(KINDS)], f"key-{index}"
        numbers = [f"+3931{index:05d}{row}486" for row in range(ROWS)]
        if kind == "jaicp":
            path, headers = f"/api/calls/campaign/{fed['token']}/addPhones", {"Idempotence-Key": name}
            made.append(Key(name, kind, path, headers, [{"phone": number[1:]} for number in numbers]))
            continue
        path, body = {
            "call": ("/api/v1/calls/", {"campaign": fed["campaign"], "number": numbers[0]}),
            "bulk": ("/api/v1/calls/bulk/", {"campaign": fed["campaign"], "calls": [{"number": n} for n in numbers]}),
            "campaign": ("/api/v1/campaigns/", {"name": f"Campaign {index}", "caller_id": "390612345678"}),
        }[kind]
        made.append(Key(name, kind, path, bearer | {"Idempotency-Key": name}, body))
    return made


def feed() -> dict[str, Any]:
    """Make an account with a key and a campaign that is not started; return what clients need to know."""
    import datetime as dt

    from campaigns import identifiers
    from campaigns.models import Account
    from campaigns.operations import campaigns
    from dialer import credentials

    account = Account.objects.create(name="Acme", country="IT")
    now = dt.datetime.now(dt.UTC)
    campaign = campaigns.create_campaign(account=account, now=now, name="Dues", caller_id="390612345678")
    key = credentials.issue_key(account=account)
    return {"key": key, "campaign": campaign.pk, "token": identifiers.jaicp_token(campaign)}


def miscounted(made: Sequence[Key], times: int) -> list[str]:
    """Return the keys whose effect does not stand in the ledger exactly so many times: JAICP's once."""
    from campaigns.models import Call, Campaign

    numbers = Counter(Call.objects.values_list("number", flat=True))
    names = Counter(Campaign.objects.values_list("name", flat=True))
    found = []
    for key in made:
        match key.kind:
            case "jaicp":
                there, wanted = [numbers[row["phone"]] + numbers["+" + row["phone"]] for row in key.body], 1
            case "bulk":
                there, wanted = [numbers[row["number"]] for row in key.body["calls"]], times
            case "call":
                there, wanted = [numbers[key.body["number"]]], times
            case _:
                there, wanted = [names[key.body["name"]]], times
        if any(count != wanted for count in there):
            found.append(f"{key.name} ({key.kind}): its effect is there {there} times, not {wanted}")
    expected = sum((1 if key.kind == "jaicp" else times) * _rows(key) for key in made)
    if sum(numbers.values()) != expected:
        found.append(f"{sum(numbers.values())} calls in all, not {expected}")
    return found


def _rows(key: Key) -> int:
    return {"campaign": 0, "call": 1}.get(key.kind, ROWS)


def age(**span: float) -> None:
    """Let the keys be older by a span, as if time had passed."""
    import datetime as dt

    from django.db.models import F

    from dialer.models import IdempotenceKey

    IdempotenceKey.objects.update(created_at=F("created_at") - dt.timedelta(**span))


@contextmanager
def server(database: str) -> Iterator[int]:
    """Have a gunicorn as `up` starts it, on a database; yield its port."""
    parts = urllib.parse.urlsplit(os.environ["DATABASE_URL"])
    url = urllib.parse.urlunsplit(parts._replace(path=f"/{database}"))
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "2", "--threads", "8"]
    command += ["--bind", f"127.0.0.1:{port}", "--log-level", "error", "config.wsgi"]
    environment = os.environ | {"DATABASE_URL": url}
    # Every refusal is in its log, and most of what is sent is refused on purpose.
    with (Path(os.environ["TRUNKLINE_VAR"]) / "web.log").open("w") as said:
        process = subprocess.Popen(
            command, cwd=databases.ROOT, env=environment, stderr=said, stdout=said, start_new_session=True
        )
    try:
        _wait_for(port)
        yield port
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the web server does not come up")


def run(client: Client, made: Sequence[Key], times: int) -> list[str]:
    """Torture all keys, then let them grow old; return the faults in words."""
    with ThreadPoolExecutor(times) as twins:
        for turn, key in enumerate(made):
            torture(client, key, twins, times, turn // len(KINDS))
        found = miscounted(made, 1)
        # As many seconds before the keys end as sending all of them again may take.
        spent = 60 + len(made)
        age(hours=24, seconds=-spent - _oldest())
        for key, answer in zip(made, twins.map(client.send, made), strict=True):
            key.check("just before its end", answer, status=key.good)
        found += miscounted(made, 1)
        age(seconds=spent + _oldest() + 1)
        firsts = {key.name: key.first for key in made}
        for key in made:
            key.first = b"" if key.kind != "jaicp" else key.first
        for key, answer in zip(made, twins.map(client.send, made), strict=True):
            key.check("just after its end", answer, status=key.good)
            if key.kind != "jaicp" and answer.body == firsts[key.name]:
                key.faults.append("just after its end: answered as before")
    return found + miscounted(made, 2) + [f"{key.name} ({key.kind}) {fault}" for key in made for fault in key.faults]


def _oldest() -> int:
    """Return the age of the oldest key within the day, in whole seconds."""
    import datetime as dt

    from dialer.models import IdempotenceKey

    first = IdempotenceKey.objects.order_by("created_at").values_list("created_at", flat=True)[0]
    return int((dt.datetime.now(dt.UTC) - first).total_seconds())


def inside(wanted: argparse.Namespace) -> int:
    """Run on this process's PostgreSQL, and print the tally."""
    import django

    django.setup()
    from django.db import connection

    started = time.monotonic()
    with databases.scratch():
        made = keys(wanted.keys, feed())
        with server(str(connection.settings_dict["NAME"])) as port:
            client = Client(port)
            faults = run(client, made, wanted.twins)
        time.sleep(0.5)
    for fault in faults[:50]:
        print(f"FAULT {fault}")
    seconds = time.monotonic() - started
    print(
        f"idempotence: {len(made)} keys, {wanted.twins} twins each, {client.sent} requests, {len(faults)} faults, "
        f"{seconds:.0f} s",
        flush=True,
    )
    return 1 if faults or not made else 0


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--keys", type=int, default=1000)
    words.add_argument("--twins", type=int, default=50)
    words.add_argument("--small", action="store_true", help="as the continuous run has it: 24 keys, 10 twins each")
    wanted = words.parse_args()
    if wanted.small:
        wanted.keys, wanted.twins = 24, 10
    if not databases.is_inside():
        return databases.run_on("postgres", __file__, sys.argv[1:], DJANGO_SETTINGS_MODULE="config.settings")
    return inside(wanted)


if __name__ == "__main__":
    sys.exit(main())
