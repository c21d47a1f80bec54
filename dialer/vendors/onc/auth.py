"""Sessions: opened with account, user and password, closed, and kept alive by every use. They go by the wall clock."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.crypto import constant_time_compare

from campaigns.states import Api
from dialer import credentials
from dialer.models import Credential, LoginFailure, Session
from dialer.vendors.onc.errors import Code, Failure

IDLE = dt.timedelta(minutes=20)
MOST_SESSIONS = 100
# After so many failures in this span the password of a user of an account is not even looked at.
MOST_FAILURES = 10
FAILURE_SPAN = dt.timedelta(minutes=5)
_NOBODY = credentials.digest("nobody")


def open_session(*, account_id: str, username: str, password: str, wall: dt.datetime) -> str:
    """Return the id of a new session.

    Raises Failure: INVALID_CREDENTIALS whatever is wrong with them, ACCOUNT_DISABLED where they are right but the
    account, its user or the credential is switched off.
    """
    who = f"{account_id}/{username}"
    recent = LoginFailure.objects.filter(api=Api.ONC, who=who[:200], happened_at__gt=wall - FAILURE_SPAN)
    if recent.count() >= MOST_FAILURES:
        raise Failure(Code.INVALID_CREDENTIALS)
    found = Credential.objects.select_related("account", "user").filter(api=Api.ONC, identifier=who).first()
    fine = constant_time_compare(found.secret_digest if found else _NOBODY, credentials.digest(password))
    if not found or not fine:
        _note_failure(who, wall)
        raise Failure(Code.INVALID_CREDENTIALS)
    if not _is_enabled(found, wall):
        raise Failure(Code.ACCOUNT_DISABLED)
    recent.delete()
    return _new_session(found, wall)


def _is_enabled(credential: Credential, wall: dt.datetime) -> bool:
    if credential.user is not None and not credential.user.is_active:
        return False
    expired = credential.expires_at is not None and credential.expires_at <= wall
    return credential.is_active and credential.account.is_active and not expired


@transaction.atomic
def _note_failure(who: str, wall: dt.datetime) -> None:
    LoginFailure.objects.filter(api=Api.ONC, happened_at__lte=wall - FAILURE_SPAN).delete()
    LoginFailure.objects.create(api=Api.ONC, who=who[:200], happened_at=wall)


@transaction.atomic
def _new_session(credential: Credential, wall: dt.datetime) -> str:
    """Open a session; where the account has too many, the one that was not used for longest makes room."""
    mine = Session.objects.filter(account=credential.account)
    mine.filter(used_at__lte=wall - IDLE).delete()
    spare = mine.order_by("-used_at", "-id").values_list("pk", flat=True)[MOST_SESSIONS - 1 :]
    Session.objects.filter(pk__in=list(spare)).delete()
    session_id = str(uuid.uuid4())
    Session.objects.create(
        account=credential.account, credential=credential, digest=credentials.digest(session_id), used_at=wall
    )
    Credential.objects.filter(pk=credential.pk).update(last_used_at=wall)
    return session_id


def close_session(session_id: str | None, *, wall: dt.datetime) -> None:
    """End a session. Raises Failure where there is none, or none any more."""
    ended, _ = _alive(session_id, wall).delete()
    if not ended:
        raise Failure(Code.INVALID_SESSION)


def use(session_id: str | None, *, wall: dt.datetime) -> Credential:
    """Return who speaks in a session, and let its idle time start afresh. Raises Failure."""
    session = _alive(session_id, wall).select_related("credential__account").first()
    # The second look is the one that counts: the session may have been closed in between.
    if session is None or not _alive(session_id, wall).update(used_at=wall):
        raise Failure(Code.INVALID_SESSION)
    return session.credential


def _alive(session_id: str | None, wall: dt.datetime) -> QuerySet[Session]:
    """Return the session of an id, unless it was idle for too long or whoever opened it was disabled since."""
    return Session.objects.filter(
        Q(credential__user__isnull=True) | Q(credential__user__is_active=True),
        Q(credential__expires_at__isnull=True) | Q(credential__expires_at__gt=wall),
        digest=credentials.digest(session_id or ""),
        used_at__gt=wall - IDLE,
        credential__is_active=True,
        account__is_active=True,
    )
