"""Registers config as an app, so that its commands are found and Celery is ready before any task is."""

from __future__ import annotations

from django.apps import AppConfig


class Config(AppConfig):
    name = "config"
    verbose_name = "Trunkline"

    def ready(self) -> None:
        from config import celery, checks  # noqa: F401  registers them

        celery.app.set_default()
