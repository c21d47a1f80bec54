"""Who may ask: an API key, looked up by its digest, with its secret, both in headers."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone

from campaigns.models import Account
from campaigns.states import Api
from dialer import credentials
from dialer.vendors.go4clients.errors import Code, Fault


def account(request: HttpRequest) -> Account:
    """Return the account whose key and secret were sent; how long they are is not looked at. Raises Fault (401)."""
    key, secret = (request.headers.get(name, "").strip() for name in ("Apikey", "Apisecret"))
    found = credentials.by_pair(Api.GO4CLIENTS, credentials.digest(key), secret, now=timezone.now())
    if found is None or not key or not secret:
        raise Fault(Code.UNKNOWN, "The headers Apikey and Apisecret name no account.", status=401)
    return found.account
