from __future__ import annotations

import io
import logging

from django.conf import settings

from config import logs

TOKEN = "8.17.1b131df1bAYxokdz"


def test_tokens_in_paths_reach_no_log(client):
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(logs.WithoutSecrets())
    logger = logging.getLogger("django.request")
    logger.addHandler(handler)
    try:
        client.get(f"/no/such/campaign/{TOKEN}/status")
    finally:
        logger.removeHandler(handler)

    assert written.getvalue() == "Not Found: /no/such/campaign/…/status\n"


def test_every_handler_has_the_filter_and_no_logger_goes_past_it():
    for handler in settings.LOGGING["handlers"].values():
        assert "without_secrets" in handler["filters"]
    assert logging.getLogger("django").handlers == []


def test_other_lines_stay_as_they_are():
    record = logging.LogRecord("x", logging.INFO, "x", 1, "%d calls placed", (3,), None)

    assert logs.WithoutSecrets().filter(record)
    assert (record.msg, record.args) == ("%d calls placed", (3,))
