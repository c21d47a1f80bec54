"""`manage.py import_prompts ACCOUNT FILE…`: audio files and call flows under their extension numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from campaigns.imports import places, prompts
from campaigns.imports.faults import NotImported


class Command(BaseCommand):
    help = "Stores audio files (EXTENSION-name.wav) and call flows (EXTENSION-name.json) as prompts of an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("account", metavar="ACCOUNT", help="its id or name")
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path)
        parser.add_argument("--replace", action="store_true", help="give a used extension its new content")

    def handle(self, *args: Any, **options: Any) -> None:
        """Store what is fit; end with all that is not."""
        faults = []
        try:
            account = places.account(options["account"])
        except NotImported as fault:
            raise CommandError(str(fault)) from fault
        except DatabaseError as error:
            raise CommandError(f"Nothing was stored: the database failed ({type(error).__name__}).") from error
        for path in options["files"]:
            try:
                prompt = prompts.store(path, account=account, replace=options["replace"])
            except NotImported as fault:
                faults.append(str(fault))
            else:
                self.stdout.write(f"{prompt.extension} {prompt.name} ({'flow' if prompt.is_flow() else 'audio'})")
        if faults:
            raise CommandError("\n".join(faults))
