"""`manage.py create_account`: an account with one credential for each API."""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management import BaseCommand, CommandError, CommandParser

from dialer import credentials


class Command(BaseCommand):
    help = "Make an account with a user and one credential for each API; the secrets are shown this once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="a name that no other account has")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--country", default="US", help="numbers without a country code are this country's (US)")
        parser.add_argument("--timezone", default="UTC", help="an IANA name such as Europe/Rome (UTC)")
        parser.add_argument(
            "--sandbox", action="store_true", help="reach the simulator only, whatever carriers there are"
        )
        parser.add_argument(
            "--prefix",
            action="append",
            dest="prefixes",
            metavar="+39",
            help="a prefix that may be dialled; several times for several, all where none is given",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the account, or say which value was wrong."""
        fields = {
            "country": options["country"],
            "timezone": options["timezone"],
            "is_sandbox": options["sandbox"],
            "allowed_prefixes": options["prefixes"] or ["+"],
        }
        try:
            opened = credentials.open_account(name=options["name"], **fields)
        except ValidationError as error:
            raise CommandError("\n".join(_faults(error))) from error
        if options["json"]:
            self.stdout.write(json.dumps(opened))
        else:
            self.stdout.write("\n".join(_readable(options["name"], opened)))


def _faults(error: ValidationError) -> list[str]:
    return [f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items()]


def _readable(name: str, opened: dict[str, Any]) -> list[str]:
    """Return the account's secrets as lines for a person."""
    lines = [f'Account {opened["account"]} "{name}". What follows is shown this once:']
    for key, value in opened.items():
        if isinstance(value, dict):
            lines.append(f"  {key}")
            lines += [f"    {inner:<10} {secret}" for inner, secret in value.items()]
        elif key != "account":
            lines.append(f"  {key:<12} {value}")
    return lines
