"""Says why a call is not placed, or where a campaign stands."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from campaigns import counts
from campaigns.models import Call, Campaign
from dialer import clock, explaining, obstacles, standing


class Command(BaseCommand):
    """Print every gate of a call, or where a campaign stands, and when the engine looks next."""

    help = "Say why a call is not placed, gate by gate, or where a campaign stands; and when the engine looks next."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("call", nargs="?", help="the call's id")
        parser.add_argument("--campaign", metavar="ID", help="the campaign's id, in place of a call's")

    def handle(self, *args: Any, call: str | None, campaign: str | None, **options: Any) -> None:
        if (call is None) == (campaign is None):
            raise CommandError("Name either a call or, with --campaign, a campaign.")
        if campaign is not None:
            return self._campaign(_whole(campaign, "campaign"))
        return self._call(_whole(str(call), "call"))

    def _call(self, pk: int) -> None:
        found = Call.objects.select_related("campaign__account").filter(pk=pk).first()
        if found is None:
            raise CommandError(f"There is no call {pk}.")
        said = explaining.explain(found, now=clock.now())
        self.stdout.write(f"Call {found.pk} to {found.destination} in “{found.campaign.name}”: {said.summary}")
        for gate in said.gates:
            self.stdout.write(f"  {'open' if gate.is_open else 'SHUT'}  {gate.reason.value:<12} {gate.words}")
        if said.next_look_at is not None:
            self.stdout.write(f"Next look: {said.next_look_at.isoformat(timespec='seconds')}")

    def _campaign(self, pk: int) -> None:
        found = Campaign.objects.select_related("account").filter(pk=pk).first()
        if found is None:
            raise CommandError(f"There is no campaign {pk}.")
        now = clock.now()
        counted = counts.of([pk])
        stands = standing.of([found], counted=counted, now=now)[pk]
        self.stdout.write(f"Campaign {pk} “{found.name}” ({stands.code}): {stands.words}")
        for reason, number in sorted(counted[pk].reasons.items(), key=lambda item: -item[1]):
            look = counted[pk].looks.get(reason)
            when = f", first looked at {look.isoformat(timespec='seconds')}" if look else ""
            self.stdout.write(f"  {number:>9,} wait: {reason}{when}")
        for obstacle in obstacles.of(found, now=now):
            self.stdout.write(f"  IN THE WAY  {obstacle.code:<12} {obstacle.message}")
        if stands.next_look_at is not None:
            self.stdout.write(f"Next look: {stands.next_look_at.isoformat(timespec='seconds')}")


def _whole(value: str, what: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) < 19):
        raise CommandError(f"{value!r} is no {what}'s id; a whole number is wanted.")
    return int(value)
