"""Storing audio files and call flows. Every function opens one transaction."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files import File
from django.db import IntegrityError, transaction
from django.db.models import Max

from campaigns import locks, refusals
from campaigns.models import Account, Prompt

FIRST_EXTENSION = 1


@transaction.atomic
def store_prompt(
    *,
    account: Account,
    name: str,
    extension: int | None = None,
    file: File[bytes] | None = None,
    flow: dict[str, Any] | None = None,
) -> Prompt:
    """Store a prompt under an extension, or under the next free one.

    A file is kept under a name of our own making. Raises AlreadyThere for a used extension.
    """
    locks.account(account.pk)
    if extension is None:
        highest = account.prompts.aggregate(highest=Max("extension"))["highest"]
        extension = FIRST_EXTENSION if highest is None else highest + 1
    if account.prompts.filter(extension=extension).exists():
        raise refusals.AlreadyThere(f"Extension {extension} is used already.", field="extension")
    prompt = Prompt(account=account, extension=extension, name=name, flow=flow)
    _put(prompt, file)
    return _saved(prompt)


@transaction.atomic
def change_prompt(*, prompt: Prompt, file: File[bytes] | None = None, **changes: Any) -> Prompt:
    """Change a prompt's name, extension or content. Raises AlreadyThere for a used extension."""
    for name, value in changes.items():
        setattr(prompt, name, value)
    old = prompt.file.name
    if file is not None:
        prompt.flow = None
        _put(prompt, file)
    elif changes.get("flow") is not None:
        prompt.file = ""
    saved = _saved(prompt)
    if old and old != saved.file.name:
        _forget(prompt, old)
    return saved


@transaction.atomic
def remove_prompt(*, prompt: Prompt) -> None:
    """Remove a prompt and its file."""
    old = prompt.file.name
    prompt.delete()
    if old:
        _forget(prompt, old)


def _put(prompt: Prompt, file: File[bytes] | None) -> None:
    if file is not None:
        prompt.file.save(f"{prompt.account_id}/{uuid.uuid4().hex}.wav", file, save=False)


def _saved(prompt: Prompt) -> Prompt:
    try:
        with transaction.atomic():
            prompt.save()
    except IntegrityError as error:
        raise refusals.AlreadyThere(f"Extension {prompt.extension} is used already.", field="extension") from error
    return prompt


def _forget(prompt: Prompt, name: str) -> None:
    """Delete a file once the change is committed, so that a rolled back one leaves it."""
    storage = prompt.file.storage
    transaction.on_commit(lambda: storage.delete(name))
