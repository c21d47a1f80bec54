"""A world for journeys: one account with every credential, and a clock that moves only when told to."""

from __future__ import annotations

import datetime as dt
from contextlib import contextmanager

import time_machine
from django.test import Client

from campaigns.models import Account
from campaigns.operations import campaigns as campaign_operations
from dialer import credentials


class World:
    """Doors read the clock, the engine is given it: here both are the same virtual moment."""

    def __init__(self, now: dt.datetime, traveller) -> None:
        self.now = now
        self._traveller = traveller
        self.secrets = credentials.open_account(name="Acme", country="IT", timezone="Europe/Rome")
        self.account = Account.objects.get(pk=self.secrets["account"])
        self.client = Client(raise_request_exception=False)

    @classmethod
    @contextmanager
    def at(cls, moment: str):
        start = dt.datetime.fromisoformat(moment)
        with time_machine.travel(start, tick=False) as traveller:
            yield cls(start, traveller)

    def other_account(self, name: str = "Other", **fields):
        """Return another account's secrets."""
        return credentials.open_account(name=name, **fields)

    def campaign(self, **fields):
        """Return a running campaign of the account."""
        wanted = {"name": "Test", "caller_id": "390612345678", "message": "Hello."} | fields
        return campaign_operations.create_campaign(account=self.account, now=self.now, start=True, **wanted)

    def move_to(self, moment: dt.datetime) -> None:
        """Set the clock without letting the engine work."""
        self.now = moment
        self._traveller.move_to(moment, tick=False)

    def run(self, **span: float) -> None:
        """Let the engine work for a span (`minutes=5`), in virtual time, to the end of it."""
        from dialer import playing

        until = self.now + dt.timedelta(**span)
        playing.play(now=self.now, until=until)
        self.move_to(until)

    def run_until_idle(self, **limit: float) -> None:
        """Let the engine work until nothing is left to do, at most for a span (default: 60 days)."""
        from dialer import playing

        until = self.now + dt.timedelta(**(limit or {"days": 60}))
        self.move_to(playing.play(now=self.now, until=until, stop_when_idle=True))
