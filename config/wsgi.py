"""Entry point for WSGI servers."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Whoever waits for an answer is told to come again before the proxies in front give up.
os.environ.setdefault("DATABASE_STATEMENT_SECONDS", "30")

application = get_wsgi_application()
