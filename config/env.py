"""Typed readers of environment variables: the only place that touches the environment."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Collection
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")


def text(name: str, default: str = "") -> str:
    """Return a variable's text, or that of the file which NAME_FILE names."""
    if path := os.environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error}") from error
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    """Return a variable as a yes or no."""
    value = text(name).strip().lower()
    if value in {"", "1", "true", "yes", "on", "0", "false", "no", "off"}:
        return value in {"1", "true", "yes", "on"} if value else default
    raise ImproperlyConfigured(f"{name} is {value!r}; it takes true or false")


def number(name: str, default: float) -> float:
    """Return a variable as a number."""
    value = text(name)
    try:
        return float(value) if value else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes a number") from error


def words(name: str, default: str = "") -> list[str]:
    """Return a comma-separated variable as a list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def choice(name: str, default: str, choices: Collection[str]) -> str:
    """Return a variable that takes one of a few words, whatever their case."""
    value = (text(name) or default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}; it takes one of {', '.join(choices)}")
    return value


def database(name: str, default: str) -> dict[str, Any]:
    """Return a variable such as postgres://user:password@host:5432/name as one of Django's DATABASES."""
    url = text(name) or default
    scheme = url.partition(":")[0]
    if scheme not in DATABASE_SCHEMES:
        raise ImproperlyConfigured(f"{name} begins with {scheme!r}; it takes {' or '.join(DATABASE_SCHEMES)}")
    found: dict[str, Any] = environ.Env.db_url_config(url)
    found.setdefault("OPTIONS", {})
    return found


def kept_secret(path: Path) -> str:
    """Return the secret kept in a file that only its owner can read, made on first use."""
    try:
        if not path.exists():
            _keep(secrets.token_urlsafe(48), path)
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(
            f"{path.parent} cannot be written or read ({error.strerror}). Let this user write there, or name another "
            "folder in TRUNKLINE_VAR."
        ) from error


def _keep(secret: str, path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as file:
        file.write(secret)
    # A link is made whole or not at all: of two processes that start at once, both read what the first one kept.
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
