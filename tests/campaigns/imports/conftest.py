"""A file into a campaign, by the command, and all that came of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Call, Campaign


@dataclass
class Outcome:
    """What was told, the fault that ended the command, and the refused rows."""

    campaign: Campaign
    told: str
    fault: str = ""
    refused: list[dict[str, str]] = field(default_factory=list)

    def calls(self) -> list[Call]:
        """Return the calls of the campaign in their order, with contacts."""
        return list(Call.objects.filter(campaign=self.campaign).select_related("contact", "intake").order_by("id"))

    def destinations(self) -> list[str]:
        """Return where the calls of the campaign go."""
        return [call.destination for call in self.calls()]

    def reasons(self) -> dict[int, str]:
        """Return why lines were refused."""
        return {int(row["refused line"]): row["refused because"] for row in self.refused}


def refused_rows(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file of refused ones, whatever its delimiter; none where there is no file."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=text[len("refused line")]))


@pytest.fixture
def load(world, tmp_path):
    """Return a function that imports text, bytes or a file into a campaign of the world."""
    made = world.campaign()

    def imported(content, *options, campaign=made, name="people.csv", encoding="utf-8", **named):
        path = content if isinstance(content, Path) else tmp_path / name
        if not isinstance(content, Path):
            path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        out, fault = io.StringIO(), ""
        try:
            call_command("import_contacts", str(campaign.pk), str(path), *options, stdout=out, **named)
        except CommandError as error:
            fault = str(error)
        return Outcome(campaign, out.getvalue(), fault, refused_rows(path.with_name(f"{path.name}.refused.csv")))

    return imported
