"""Says why a call is not placed."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns.models import Call
from dialer import clock, explaining


class Command(BaseCommand):
    """Print every gate of a call, and when the engine looks at it next."""

    help = "Say why a call is not placed, gate by gate, and when it is looked at next."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("call", help="The call's id.")

    def handle(self, *args: Any, call: str, **options: Any) -> None:
        if not (call.isascii() and call.isdigit() and len(call) < 19):
            raise CommandError(f"{call!r} is no call's id; a whole number is wanted.")
        found = Call.objects.select_related("campaign__account").filter(pk=int(call)).first()
        if found is None:
            raise CommandError(f"There is no call {call}.")
        said = explaining.explain(found, now=clock.now())
        self.stdout.write(f"Call {found.pk} to {found.destination} in “{found.campaign.name}”: {said.summary}")
        for gate in said.gates:
            self.stdout.write(f"  {'open' if gate.is_open else 'SHUT'}  {gate.reason.value:<12} {gate.words}")
        if said.next_look_at is not None:
            self.stdout.write(f"Next look: {said.next_look_at.isoformat(timespec='seconds')}")
