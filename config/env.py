"""Typed readers of environment variables: the only place that touches the environment."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured


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


def kept_secret(path: Path) -> str:
    """Return the secret kept in a file that only its owner can read, made on first use."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # O_EXCL: of two processes that start at once, one makes the file and the other reads it.
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise ImproperlyConfigured(f"{path.parent} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48))
    return path.read_text(encoding="ascii")
