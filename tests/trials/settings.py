"""Settings of a system under trial: voice goes to the witness, and leases are short."""

from __future__ import annotations

from config import env
from config.settings import *  # noqa: F403
from config.settings import CARRIERS as _CARRIERS

_WITNESS = {"BACKEND": "tests.trials.carrier.Wire", "OPTIONS": {"url": env.text("WITNESS_URL")}}
CARRIERS = _CARRIERS | ({"voice": _WITNESS} if env.text("WITNESS_URL") else {})
# A name of its own on every machine, and secrets that nobody needs to keep.
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ATTEMPT_LEASE_SECONDS = env.number("ATTEMPT_LEASE_SECONDS", 5)
