from __future__ import annotations

from django.apps import AppConfig


class Campaigns(AppConfig):
    name = "campaigns"
    default_auto_field = "django.db.models.BigAutoField"
