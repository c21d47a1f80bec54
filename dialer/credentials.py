"""Who may speak through which door: making secrets, and checking them in constant time.

Secrets are random and long, so SHA-256 keeps them; what a caller shows is looked up by its digest, and a dummy
comparison is made where nothing is found, so that time tells nothing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
import string
import uuid
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from campaigns.models import Account, User
from campaigns.states import Api
from dialer.models import Credential

_DUMMY = hashlib.sha256(b"nobody").hexdigest()


def digest(secret: str) -> str:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def find(api: str, identifier: str) -> Credential | None:
    """Return the active credential of an identifier, whatever its account's state; None where there is none."""
    alive = Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now())
    found = Credential.objects.select_related("account", "user").filter(alive, api=api, is_active=True)
    return found.filter(identifier=identifier).first()


def by_secret(api: str, secret: str, *, now: dt.datetime) -> Credential | None:
    """Return the credential of a key or code that is itself the secret, if its account is active."""
    found = find(api, digest(secret))
    return _used(found, now) if found and found.account.is_active else None


def by_pair(api: str, identifier: str, secret: str, *, now: dt.datetime) -> Credential | None:
    """Return the credential of an identifier with its secret, if its account is active."""
    found = find(api, identifier)
    fine = constant_time_compare(found.secret_digest if found else _DUMMY, digest(secret))
    return _used(found, now) if found and fine and found.account.is_active else None


def _used(credential: Credential, now: dt.datetime) -> Credential:
    # Once a minute is near enough, and spares a write with every request.
    if credential.last_used_at is None or now - credential.last_used_at > dt.timedelta(minutes=1):
        Credential.objects.filter(pk=credential.pk).update(last_used_at=now)
    return credential


def new_key() -> str:
    """Return a native API key: 256 random bits behind a mark that scanners find."""
    return "tk_" + secrets.token_urlsafe(32)


def issue_key(*, account: Account, label: str = "", can_write: bool = True) -> str:
    """Make a native API key for an account, and return it: it is shown this once."""
    key = new_key()
    Credential.objects.create(
        account=account,
        api=Api.NATIVE,
        identifier=digest(key),
        label=label or f"{key[:7]}…{key[-4:]}",
        can_write=can_write,
    )
    return key


@transaction.atomic
def open_account(*, name: str, **fields: Any) -> dict[str, Any]:
    """Make an account with a user and one credential for each API; return all secrets, this once.

    The shape is that of `create_account --json`.
    """
    account = Account(name=name, **fields)
    account.full_clean()
    account.save()
    password = secrets.token_urlsafe(12)
    user = User.objects.create_user(username=f"account{account.pk}", password=password, account=account, is_staff=True)
    return {"account": account.pk, "user": user.username, "password": password, **issue_all(account)}


def issue_all(account: Account) -> dict[str, Any]:
    """Make one credential for each API, and return their secrets."""
    apikey, apisecret = secrets.token_hex(16), "1" + "".join(secrets.choice(string.digits) for _ in range(14))
    password, guid, code = secrets.token_urlsafe(18), str(uuid.uuid4()), secrets.token_hex(16)
    username, onc_id, onc_password = f"send{account.pk}", f"acct-{account.pk}", secrets.token_urlsafe(18)
    pairs = [
        (Api.GO4CLIENTS, digest(apikey), apisecret, f"{apikey[:4]}…"),
        (Api.SENDSERVICE, username, password, username),
        (Api.SENDSERVICE, digest(guid), "", "GUID"),
        (Api.VOICENTER, digest(code), "", f"{code[:4]}…"),
        (Api.ONC, f"{onc_id}/api", onc_password, f"{onc_id} api"),
    ]
    Credential.objects.bulk_create(
        Credential(
            account=account,
            api=api,
            identifier=identifier,
            secret_digest=digest(secret) if secret else "",
            label=label,
        )
        for api, identifier, secret, label in pairs
    )
    return {
        "api_key": issue_key(account=account, label="first"),
        "go4clients": {"apikey": apikey, "apisecret": apisecret},
        "sendservice": {"username": username, "password": password, "guid": guid},
        "voicenter": {"code": code},
        "onc": {"accountId": onc_id, "username": "api", "password": onc_password},
    }
