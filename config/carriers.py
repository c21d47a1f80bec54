"""Which carrier each channel has: the one whose variable is set, else the simulator."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import env

Carriers = dict[str, dict[str, Any]]

SIMULATOR = "dialer.carriers.simulator.Simulator"
# By channel: the variable that names a gateway, its carrier, and the options that other variables give it.
GATEWAYS: dict[str, dict[str, tuple[str, dict[str, str]]]] = {
    "voice": {
        "ARI_URL": (
            "dialer.carriers.asterisk.Asterisk",
            {"user": "ARI_USER", "password": "ARI_PASSWORD", "endpoint": "ARI_ENDPOINT"},
        ),
    },
    "sms": {
        "SMPP_URL": ("dialer.carriers.sms.Smpp", {}),
        "SMS_HTTP_URL": ("dialer.carriers.sms.HttpGateway", {}),
    },
    "email": {
        "EMAIL_URL": ("dialer.carriers.email.Email", {}),
    },
}


def from_environment() -> Carriers:
    """Return settings.CARRIERS. Raises ImproperlyConfigured where two variables name a gateway for one channel."""
    simulator = {"BACKEND": SIMULATOR, "OPTIONS": {"seed": env.text("SIMULATOR_SEED")}}
    return {"simulator": simulator} | {channel: _gateway(channel) or simulator for channel in GATEWAYS}


def _gateway(channel: str) -> dict[str, Any] | None:
    named = [variable for variable in GATEWAYS[channel] if env.text(variable)]
    if len(named) > 1:
        raise ImproperlyConfigured(f"{' and '.join(named)} are both set; {channel} goes over one of them.")
    if not named:
        return None
    backend, options = GATEWAYS[channel][named[0]]
    return {
        "BACKEND": backend,
        "OPTIONS": {"url": env.text(named[0])} | {option: env.text(name) for option, name in options.items()},
    }
