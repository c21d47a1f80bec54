"""The Celery application and the table of what beat wakes."""

from __future__ import annotations

import os
import sys
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
if "worker" in sys.argv[1:]:
    # A statement is given up before the time limit of its task, so that the task can say why it ended.
    os.environ.setdefault("DATABASE_STATEMENT_SECONDS", "30")

# Celery warns root for the sake of pickled messages; only JSON is accepted here.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("trunkline", amqp="config.brokers:Amqp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
