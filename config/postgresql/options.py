"""How long the program waits for PostgreSQL before it takes it for gone, and PostgreSQL for the program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from config import env


def options(own: Mapping[str, Any], *, pgbouncer: bool) -> dict[str, Any]:
    """Return the driver's options; what DATABASE_URL itself says goes before what stands here.

    A peer that vanished without a word is noticed after DATABASE_SILENCE_SECONDS, by the kernel. PgBouncer lets no
    settings of a session through: behind it the limits of statements and of idle transactions are its own, and jit
    is best turned off for the database.
    """
    silence = max(3, round(env.number("DATABASE_SILENCE_SECONDS", 15)))
    found: dict[str, Any] = {
        "connect_timeout": max(2, round(env.number("DATABASE_CONNECT_SECONDS", 5))),
        "tcp_user_timeout": silence * 1000,
        "keepalives": 1,
        "keepalives_idle": silence - 2 * (silence // 3),
        "keepalives_interval": silence // 3,
        "keepalives_count": 2,
    }
    if not pgbouncer:
        found["options"] = session_settings()
    return {**found, **own}


def session_settings() -> str:
    """Return what each session asks of the server; 0 is no limit.

    Statements take milliseconds each: to compile one, as PostgreSQL does where it expects many rows, takes 300.
    """
    limits = {
        "statement_timeout": env.number("DATABASE_STATEMENT_SECONDS", 0),
        "idle_in_transaction_session_timeout": env.number("DATABASE_IDLE_SECONDS", 60),
    }
    return " ".join([*(f"-c {name}={round(seconds * 1000)}" for name, seconds in limits.items()), "-c jit=off"])
