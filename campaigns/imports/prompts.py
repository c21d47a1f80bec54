"""Imports audio files and call flows, whose names say their extension: 7-welcome.wav, 8-menu.json."""

from __future__ import annotations

import json
import re
import wave
from pathlib import Path
from typing import Any

from django.core.files import File

from campaigns import flows, refusals
from campaigns.imports.faults import NotImported
from campaigns.models import Account, Prompt
from campaigns.operations import prompts as operations

MAX_AUDIO = 50 * 1024 * 1024
MAX_FLOW = 1024 * 1024
_NAME = re.compile(r"([0-9]{1,15})-(.{1,100})\.(wav|json)", re.IGNORECASE)


def store(path: Path, *, account: Account, replace: bool = False) -> Prompt:
    """Store one file as a prompt. Raises NotImported, naming the file, where it is not fit or its extension is used.

    With `replace` a prompt that has the extension gets the new name and content.
    """
    named = _NAME.fullmatch(path.name)
    if named is None:
        raise NotImported(f"{path}: EXTENSION-name.wav or EXTENSION-name.json is wanted, such as 7-welcome.wav.")
    extension, name = int(named[1]), named[2]
    try:
        with path.open("rb") as file:
            content = _content(path, File(file, name=path.name), named[3].lower())
            old = account.prompts.filter(extension=extension).first() if replace else None
            if old is not None:
                return operations.change_prompt(prompt=old, name=name, **content)
            return operations.store_prompt(account=account, name=name, extension=extension, **content)
    except OSError as error:
        raise NotImported(f"{path}: {error.strerror or 'it cannot be read'}.") from error
    except refusals.Refused as refusal:
        raise NotImported(f"{path}: {refusal.message}") from refusal


def _content(path: Path, file: File[bytes], kind: str) -> dict[str, Any]:
    """Return the checked content as the operations take it."""
    most = MAX_AUDIO if kind == "wav" else MAX_FLOW
    if file.size > most:
        raise NotImported(f"{path}: larger than {most // 2**20} MB.")
    if kind == "wav":
        _check_audio(path, file)
        return {"file": file}
    try:
        flow = json.loads(file.read())
    except (ValueError, RecursionError) as error:
        raise NotImported(f"{path}: no JSON: {error}.") from error
    flows.check(flow)
    return {"flow": flow}


def _check_audio(path: Path, file: File[bytes]) -> None:
    try:
        # The wave object would close a file that it is given by name only.
        with wave.open(file.file, "rb") as audio:  # type: ignore[arg-type]
            frames, width = audio.getnframes(), audio.getsampwidth() * audio.getnchannels()
            read = len(audio.readframes(frames)) // width
    except (wave.Error, EOFError) as error:
        raise NotImported(f"{path}: no WAV file of uncompressed (PCM) sound: {error or 'it ends early'}.") from error
    if not frames or read < frames:
        raise NotImported(f"{path}: the sound {'is cut short' if frames else 'is empty'}.")
    file.seek(0)
