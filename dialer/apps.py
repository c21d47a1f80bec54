from __future__ import annotations

from django.apps import AppConfig


class Dialer(AppConfig):
    name = "dialer"
    default_auto_field = "django.db.models.BigAutoField"
