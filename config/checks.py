"""What is looked at before anything starts: a wrong setting is told in words, before the first call is lost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.utils.module_loading import import_string

from config import carriers
from dialer.carriers.base import Carrier


@register()
def check_carriers(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse carriers that cannot be loaded."""
    return [
        Error(
            f'The carrier of "{alias}", {wanted["BACKEND"]}, is not there or is no Carrier.',
            hint=f"Unset the variable that chooses it ({_variables(alias)}), and the simulator serves.",
            id="config.E001",
        )
        for alias, wanted in settings.CARRIERS.items()
        if not _is_carrier(wanted["BACKEND"])
    ]


@register()
def check_speed(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a clock that stands still, and one that runs ahead while real people are called by it."""
    if settings.SIMULATOR_SPEED <= 0:
        return [Error(f"SIMULATOR_SPEED is {settings.SIMULATOR_SPEED:g}; it takes a number above 0.", id="config.E002")]
    real = [alias for alias, wanted in settings.CARRIERS.items() if wanted["BACKEND"] != carriers.SIMULATOR]
    if settings.SIMULATOR_SPEED == 1 or not real:
        return []
    return [
        Error(
            f"SIMULATOR_SPEED is {settings.SIMULATOR_SPEED:g}, but {', '.join(real)} would reach real people.",
            hint=f"Leave SIMULATOR_SPEED at 1, or unset {', '.join(map(_variables, real))}.",
            id="config.E003",
        )
    ]


def _is_carrier(path: str) -> bool:
    try:
        found = import_string(path)
    except ImportError:
        return False
    return isinstance(found, type) and issubclass(found, Carrier)


def _variables(alias: str) -> str:
    return " or ".join(carriers.GATEWAYS.get(alias, {}))
