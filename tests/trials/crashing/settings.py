"""Settings of an engine that crashes: voice goes to the witness, on virtual time."""

from __future__ import annotations

from tests.trials.settings import *  # noqa: F403
from tests.trials.settings import CARRIERS as _CARRIERS
from tests.trials.settings import env

_WIRE = {"BACKEND": "tests.trials.crashing.wire.Wire", "OPTIONS": {"url": env.text("WITNESS_URL")}}
CARRIERS = _CARRIERS | {"voice": _WIRE}
# A database that fails on purpose is no news.
LOGGING = {
    "version": 1,
    "handlers": {"nowhere": {"class": "logging.NullHandler"}},
    "root": {"handlers": ["nowhere"]},
}
# What is crashed is not the hashing of passwords.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
