"""Ways to reach people, configured in settings.CARRIERS as databases are in DATABASES."""

from __future__ import annotations

import functools

from django.conf import settings
from django.utils.module_loading import import_string

from dialer.carriers.base import Carrier


@functools.cache
def get(alias: str) -> Carrier:
    """Return the configured carrier of that name, built once per process."""
    wanted = settings.CARRIERS[alias]
    found = import_string(wanted["BACKEND"])(**wanted.get("OPTIONS", {}))
    if not isinstance(found, Carrier):
        raise TypeError(f'carrier "{alias}": {wanted["BACKEND"]} is no Carrier')
    return found


def alias_for(channel: str, *, sandbox: bool) -> str:
    """Return the name of the carrier that an account's channel uses."""
    return "simulator" if sandbox else channel
