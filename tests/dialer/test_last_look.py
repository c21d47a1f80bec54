"""The last look before the wire: once for each lot that a network is given, and a little into the future."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.models import Account, Call, CallAttempt, Campaign
from campaigns.operations import campaigns as campaign_operations
from campaigns.states import CampaignState
from dialer import claiming, placing
from dialer.carriers.base import Carrier, Placed
from tests.calls import add, number

pytestmark = pytest.mark.django_db

OVER = dt.timedelta(hours=1)


class Slow(Carrier):
    """A network that takes every dial, and on which something happens while it has the first lot."""

    channels = frozenset({"voice"})
    features = frozenset({"say"})
    together = 4

    def __init__(self) -> None:
        self.lots: list[int] = []
        self.meanwhile = lambda: None

    def place(self, dials, *, now):
        self.lots.append(len(dials))
        self.meanwhile()
        return [Placed(key=dial.key) for dial in dials]


@pytest.fixture
def network(carried_by):
    """The network behind the voice channel."""
    return carried_by("tests.dialer.test_last_look.Slow", "voice")


def claimed(world, campaign, count=1, **fields):
    """Return attempts that were claimed and wait for the wire."""
    Account.objects.update(calls_per_second=100, max_live_calls=100)
    add(world, campaign, *(number(index, "200") for index in range(count)), **fields)
    ids = claiming.claim(account_id=world.account.pk, now=world.now).attempt_ids
    assert len(ids) == count
    return ids


def test_a_network_is_given_a_few_dials_at_a_time(world, network):
    ids = claimed(world, world.campaign(capacity=10), count=10)

    assert placing.place(ids, now=world.now) == 10
    assert network.lots == [4, 4, 2]


def test_a_pause_while_the_first_lot_is_on_the_wire_keeps_the_others_off_it(world, network):
    campaign = world.campaign(capacity=10)
    ids = claimed(world, campaign, count=10)
    network.meanwhile = lambda: campaign_operations.move_campaign(
        campaign=campaign, to=CampaignState.PAUSED, now=world.now
    )

    assert placing.place(ids, now=world.now) == 4
    assert network.lots == [4]
    assert Call.objects.filter(state="waiting", reason="state", attempts_made=0).count() == 6


@pytest.mark.parametrize(
    ("carrier", "seconds_left", "goes"),
    [
        ("network", 3, True),
        ("network", 1, False),
        ("network", 0, False),
        ("simulator", 1, True),
        ("simulator", 0, False),
        ("simulator", -1, False),
    ],
)
@pytest.mark.parametrize(
    ("shuts", "state", "reason"),
    [("window", "waiting", "window"), ("not_after", "done", "late"), ("ends_at", "waiting", "dates")],
)
def test_what_shuts_soon_is_shut_for_a_network(world, request, carrier, seconds_left, goes, shuts, state, reason):
    if carrier == "network":
        request.getfixturevalue("network")
    until = (world.now + OVER).replace(minute=0, second=0)
    window = [{"start": f"{until - 2 * OVER:%H:%M}", "end": f"{until:%H:%M}"}]
    campaign = world.campaign(timezone="UTC", windows=window if shuts == "window" else [])
    Campaign.objects.filter(pk=campaign.pk).update(ends_at=until if shuts == "ends_at" else None)
    campaign.refresh_from_db()
    fields = {"not_after": until} if shuts == "not_after" else {}
    [pk] = claimed(world, campaign, timezone="UTC", **fields)

    placing.place([pk], now=until - dt.timedelta(seconds=seconds_left))

    attempt = CallAttempt.objects.select_related("call").get(pk=pk)
    assert (attempt.placed_at is not None) == goes
    if not goes:
        assert (attempt.call.state, attempt.call.reason) == (state, reason)
