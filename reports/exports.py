"""Writes a campaign's attempts to a file that is there whole or not at all, or to a stream."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO

from django.db.models import QuerySet

from reports import formats, queries
from reports.models import AttemptReport
from reports.queries import Scope


class NotExported(Exception):
    """The file cannot be written; the message says why and what would be right."""


Writer = Callable[[QuerySet[AttemptReport], BinaryIO], int]
WRITERS: Mapping[str, Writer] = {
    "csv": formats.write_csv,
    "xlsx": formats.write_xlsx,
    "jsonl": formats.write_jsonl,
}


def format_of(path: Path) -> str:
    """Return the format that a file's ending names. Raises NotExported where it names none."""
    ending = path.suffix.lower().removeprefix(".")
    if ending not in WRITERS:
        raise NotExported(f"{path.name} ends in none of {_endings()}: name such a file or give the format.")
    return ending


def stream(scope: Scope, file: BinaryIO, *, form: str) -> int:
    """Write the attempts of a scope, oldest end first, to an open file; return how many they were."""
    return WRITERS[form](queries.attempts(scope), file)


def export(scope: Scope, target: Path, *, form: str = "") -> int:
    """Write the attempts of a scope to a file, in the format named or that of its ending; return how many they were.

    The rows go to a hidden file beside the target, which takes the target's name when they are all there: whoever
    finds the name finds the whole file. Raises NotExported.
    """
    form = form or format_of(target)
    target = target.resolve()
    if not target.parent.is_dir():
        raise NotExported(f"There is no folder {target.parent}; make it first.")
    if target.exists() and not target.is_file():
        raise NotExported(f"{target} is no file that could be written anew.")
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        with unfinished.open("xb") as file:
            count = stream(scope, file, form=form)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)
    except OSError as error:
        raise NotExported(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        unfinished.unlink(missing_ok=True)
    return count


def _endings() -> str:
    return ", ".join(f".{name}" for name in WRITERS)
