"""What people see where a page fails."""

from __future__ import annotations

import sys

from django.http import HttpRequest, HttpResponse
from django.views.defaults import server_error

from campaigns import outages

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="{seconds}"><title>One moment</title>
<body><h1>One moment</h1><p>{sentence} This page asks again by itself.</p></body></html>
"""


def failed(request: HttpRequest) -> HttpResponse:
    """Answer for a page that raised: 503 while the database cannot be used, else 500. Reads no database."""
    if not outages.is_outage(sys.exc_info()[1]):
        return server_error(request)
    page = _PAGE.format(seconds=outages.RETRY_AFTER, sentence=outages.SENTENCE)
    return HttpResponse(
        page, status=503, headers={"Retry-After": str(outages.RETRY_AFTER), "Cache-Control": "no-store"}
    )
