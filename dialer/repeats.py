"""Makes POST safe to repeat: who comes again with an `Idempotency-Key` gets the first answer, byte for byte.

The answer is stored in the transaction of what it tells of, so there is never one without the other. A twin that
comes meanwhile waits for that transaction. Nothing is kept of a request that was refused: it can be sent again.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

from django.db import IntegrityError, transaction
from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.api import callers
from campaigns.states import Api
from dialer.models import IdempotenceKey

HEADER = "Idempotency-Key"
LONGEST_KEY = 255
KEPT = dt.timedelta(hours=24)
# Old keys go a while after they have ended, so that none goes from under a request that has just found it.
PRUNED_AFTER = dt.timedelta(minutes=10)
PRUNED_AT_ONCE = 500

Handler = Callable[[], Response]


class OtherBody(exceptions.APIException):
    """The key was used with another body."""

    status_code = 422
    default_code = "idempotency_key_reused"
    default_detail = "This Idempotency-Key was used with another body."


def once(request: Request, scope: str, handler: Handler) -> Response | HttpResponse:
    """Answer a request: by its handler, or where its key has been used, as the first time. Raises OtherBody."""
    key = request.headers.get(HEADER)
    if key is None:
        return handler()
    if not 1 <= len(key) <= LONGEST_KEY or not key.isprintable() or not key.isascii():
        raise exceptions.ParseError(f"The {HEADER} takes 1 to {LONGEST_KEY} printable ASCII characters.")
    caller = callers.of(request)
    fingerprint = hashlib.sha256(request._request.body).hexdigest()
    names = {"account": caller.account, "api": Api.NATIVE, "scope": scope, "key": key}
    with transaction.atomic():
        IdempotenceKey.objects.filter(**names, created_at__lte=caller.now - KEPT).delete()
        row = _claimed(names, caller.now)
        if row is None:
            return _replayed(IdempotenceKey.objects.get(**names), fingerprint)
        response = handler()
        body = JSONRenderer().render(response.data)
        row.status, row.body = response.status_code, f"{fingerprint}\n{body.decode()}"
        row.save(update_fields=["status", "body"])
    return HttpResponse(body, status=response.status_code, content_type="application/json")


def prune(*, now: dt.datetime, limit: int = PRUNED_AT_ONCE) -> int:
    """Forget up to `limit` keys that have ended; return how many. The vendors' keys have rules of their own."""
    old = IdempotenceKey.objects.filter(api=Api.NATIVE, created_at__lte=now - KEPT - PRUNED_AFTER)
    pks = list(old.order_by("created_at").values_list("pk", flat=True)[:limit])
    if pks:
        IdempotenceKey.objects.filter(pk__in=pks).delete()
    return len(pks)


def _claimed(names: dict[str, object], now: dt.datetime) -> IdempotenceKey | None:
    """Return a fresh row of the key, or None where it was used; waits for a twin that is just using it."""
    try:
        with transaction.atomic():
            return IdempotenceKey.objects.create(**names, created_at=now)
    except IntegrityError:
        return None


def _replayed(row: IdempotenceKey, fingerprint: str) -> HttpResponse:
    first, _, body = row.body.partition("\n")
    if first != fingerprint:
        raise OtherBody
    headers = {"Idempotent-Replayed": "true"}
    return HttpResponse(body, status=row.status, content_type="application/json", headers=headers)
