"""R5: the carrier misbehaves in ten ways while calls come in and go out.

    DATABASE_URL=postgres://… python tests/trials/carrier_faults.py [--runs 20] [--calls 100] [--broker redis]

Each fault has its runs: answers that come after the caller's patience, 500, 409, resets in the middle of an answer,
black holes, events doubled, reversed, lost, replayed long after, and a carrier that was restarted and knows nothing.
At last all trunks are full, until the circuit breaker opens and closes. The carrier is compared with the ledger every
two seconds instead of every thirty, so that the trial does not take all day.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import httpx

from tests.trials import frame
from tests.trials.processes import wait_for

CAPACITY = 200
SPAN = 2.0
WIRE = ["/dials", "/ask"]
# By name: what the witness is told to do.
FAULTS: dict[str, list[dict[str, Any]]] = {
    "late answers": [{"fault": "slow", "share": 0.3, "paths": WIRE, "options": {"seconds": 4}}],
    "500": [
        {"fault": "broken", "share": 0.3, "paths": WIRE},
        {"fault": "broken", "share": 0.3, "paths": WIRE, "options": {"instead": True}},
    ],
    "409": [{"fault": "conflict", "share": 0.3}],
    "resets": [{"fault": "cut", "share": 0.5, "paths": WIRE}],
    "black holes": [
        {"fault": "hole", "share": 0.15, "paths": WIRE},
        {"fault": "hole", "share": 0.15, "paths": WIRE, "options": {"instead": True}},
    ],
    "doubled events": [{"fault": "doubled"}],
    "reversed events": [{"fault": "reversed"}],
    "lost events": [{"fault": "dropped"}],
    "replayed events": [{"fault": "doubled", "options": {"times": 3, "seconds": 2}}],
    "lost memory": [],
}
FORGETS = "lost memory"
SMALL = ("late answers", "lost events", FORGETS)


class Carrier:
    """The witness's back door: orders of faults."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30, trust_env=False)

    def tell(self, path: str, body: Any = None) -> dict[str, Any]:
        answer = self._client.post(path, json=body)
        answer.raise_for_status()
        told: dict[str, Any] = answer.json()
        return told

    def strike(self, orders: list[dict[str, Any]], seed: int) -> None:
        for order in orders:
            self.tell("/control", order | {"seed": seed})

    def heal(self) -> int:
        """Call all faults off; return how often they have struck."""
        struck = sum(int(order["struck"]) for order in self.tell("/control")["orders"])
        self.tell("/control", {"fault": None})
        return struck


def some_runs(under_way: frame.Course, carrier: Carrier, name: str, runs: range) -> None:
    """Feed a campaign for each run while a fault strikes, and wait until their calls are done."""
    feeder = under_way.feeder
    campaigns = [feeder.campaign(f"{name} {run}", capacity=CAPACITY) for run in runs]
    carrier.strike(FAULTS[name], runs.start)
    with ThreadPoolExecutor(len(campaigns)) as pool:
        calls = under_way.wanted.calls
        feeding = [pool.submit(feeder.calls, pk, calls, seconds=SPAN, plain=True) for pk in campaigns]
        until = time.monotonic() + SPAN
        while time.monotonic() < until:
            time.sleep(under_way.dice.uniform(0.3, 0.8))
            under_way.watch.fault()
            if name == FORGETS:
                under_way.note("calls cut by a restart of the carrier", len(carrier.tell("/forget")["cut"]))
        for one in feeding:
            one.result()
    under_way.note("faults", carrier.heal())
    frame.settle(under_way, *campaigns)


def replay(under_way: frame.Course, carrier: Carrier) -> None:
    """Tell all that was ever told again, to the listener now and to the ledger an hour later: nothing may change."""
    from campaigns.models import CallAttempt
    from dialer import outcomes
    from tests.trials.carrier import event_of

    keys = [str(key) for key in CallAttempt.objects.filter(state="ended").values_list("key", flat=True)]
    before = _ends(keys)
    under_way.note("events replayed", carrier.tell("/replay")["told"])
    told = [event for call in carrier.tell("/ask", {"keys": keys})["calls"].values() for event in call["events"]]
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)
    if ended := outcomes.apply([event_of(event) for event in told], now=later):
        under_way.fault("replayed events", f"{ended} attempts ended a second time")
    time.sleep(2)
    if changed := [key for key, end in _ends(keys).items() if end != before[key]]:
        under_way.fault("replayed events", f"{len(changed)} attempts changed, such as {changed[0]}")


def _ends(keys: list[str]) -> dict[str, tuple[Any, ...]]:
    from campaigns.models import CallAttempt

    ended = CallAttempt.objects.filter(key__in=keys).values_list("key", "state", "outcome", "ended_at", "answered_at")
    return {str(row[0]): row[1:] for row in ended}


def full_trunks(under_way: frame.Course, carrier: Carrier) -> None:
    """Fill all trunks: the breaker must open, keep the carrier in peace, use no try of any call, and close again."""
    from campaigns.models import Call, CallAttempt
    from dialer import breaker
    from dialer.models import CarrierHealth

    campaign = under_way.feeder.campaign("Full trunks", capacity=CAPACITY)
    carrier.strike([{"fault": "congested"}], 0)
    # It opens where at least half of what was tried within the breaker's window fails.
    recent = CallAttempt.objects.filter(claimed_at__gt=dt.datetime.now(dt.UTC) - breaker.WINDOW).count()
    under_way.feeder.calls(campaign, recent + 50, plain=True)
    opened = CarrierHealth.objects.filter(alias="voice", open_until__isnull=False)
    wait_for("the breaker opens", opened.exists, seconds=20)
    if not opened.get().evidence:
        under_way.fault("breaker", "it shows no evidence")
    time.sleep(2)
    tried = CallAttempt.objects.filter(campaign_id=campaign, placed_at__isnull=False)
    before = tried.count()
    time.sleep(4)
    if opened.filter(open_until__gt=dt.datetime.now(dt.UTC)).exists() and tried.count() != before:
        under_way.fault("breaker", f"{tried.count() - before} calls were placed while it was open")
    used = Call.objects.filter(campaign_id=campaign, state="waiting", congestions__gt=0).exclude(attempts_made=0)
    for pk, made in used.values_list("pk", "attempts_made"):
        under_way.fault("budget", f"call {pk}: congestion used {made} tries")
    under_way.note("calls refused by full trunks", carrier.heal())
    if under_way.wanted.small:
        # Nobody waits half a minute for the next try of each.
        breaker.reset("voice", now=dt.datetime.now(dt.UTC))
        under_way.feeder.post(f"/api/v1/campaigns/{campaign}/finish/", {})
    took = wait_for("the breaker closes", lambda: not opened.exists(), seconds=400)
    under_way.measure("closing of the breaker", took)


def main() -> None:
    words = frame.parser(__doc__, runs=20, calls=100)
    words.add_argument("--at-once", type=int, default=4, help="Runs side by side, each a campaign (default 4).")
    words.add_argument("--faults", nargs="+", choices=FAULTS, default=list(FAULTS), metavar="FAULT")
    wanted = words.parse_args()
    if wanted.small:
        wanted.runs, wanted.calls, wanted.faults = 1, 40, SMALL

    def course(under_way: frame.Course) -> None:
        carrier = Carrier(under_way.system.witness_url)
        for name in wanted.faults:
            began = time.monotonic()
            if name == FORGETS:
                # While it still has all that can be told again.
                replay(under_way, carrier)
            for first in range(0, wanted.runs, wanted.at_once):
                some_runs(under_way, carrier, name, range(first, min(first + wanted.at_once, wanted.runs)))
            under_way.note(f"runs of {name}", wanted.runs)
            print(f"  {name}: {time.monotonic() - began:.1f} s", flush=True)
        if FORGETS not in wanted.faults:
            replay(under_way, carrier)
        full_trunks(under_way, carrier)

    frame.main("R5 carrier", wanted, course, environment={"RECONCILE_SECONDS": "2"})


if __name__ == "__main__":
    main()
