"""The names by which vendors' programs know a campaign: derived from its keys, found again without a table."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from django.utils.crypto import constant_time_compare

from campaigns.models import Campaign
from campaigns.states import CampaignState

# Codes are looked up by the key that they carry; what makes them secret is compared in constant time.
_LONGEST_KEY = 18


def of(campaign: Campaign) -> dict[str, str | int]:
    """Return all identifiers of a campaign, as the native API shows them."""
    return {
        "go4clients_id": campaign.pk,
        "go4clients_unique_id": str(campaign.uuid),
        "jaicp_token": jaicp_token(campaign),
        "voicenter_code": voicenter_code(campaign),
        "onc_id": str(campaign.uuid),
    }


def jaicp_token(campaign: Campaign) -> str:
    """Return the token that a JAICP client puts into its paths: account, campaign, secret."""
    return f"{campaign.account_id}.{campaign.pk}.{_secret(campaign, 'jaicp')}"


def voicenter_code(campaign: Campaign) -> str:
    """Return the code by which a Voicenter client names the campaign."""
    return f"{campaign.pk}v{_secret(campaign, 'voicenter')}"


def by_jaicp_token(token: str) -> Campaign | None:
    """Return the campaign of a token; deleted ones are still known."""
    account_id, _, rest = token.partition(".")
    pk, _, secret = rest.partition(".")
    found = _candidate(pk, secret, "jaicp")
    return found if found and str(found.account_id) == account_id else None


def by_voicenter_code(code: str) -> Campaign | None:
    """Return the campaign of a code, unless it was deleted."""
    pk, _, secret = code.strip().partition("v")
    found = _candidate(pk, secret, "voicenter")
    return found if found and found.state != CampaignState.DELETED else None


def by_voicenter_codes(codes: Iterable[str]) -> dict[str, Campaign]:
    """Return the campaigns of many codes, by code, those deleted left out; one statement for each thousand."""
    parts = {code: code.strip().partition("v") for code in codes}
    keys = sorted({int(pk) for pk, _, _ in parts.values() if _is_key(pk)})
    rows: dict[int, Campaign] = {}
    alive = Campaign.objects.exclude(state=CampaignState.DELETED).filter(account__is_active=True)
    for start in range(0, len(keys), 1000):
        rows |= alive.select_related("account").in_bulk(keys[start : start + 1000])
    candidates = {code: rows.get(int(pk)) if _is_key(pk) else None for code, (pk, _, _) in parts.items()}
    proved = {code: _proved(candidates[code], secret, "voicenter") for code, (_, _, secret) in parts.items()}
    return {code: campaign for code, campaign in proved.items() if campaign}


def _candidate(pk: str, secret: str, api: str) -> Campaign | None:
    found = None
    if _is_key(pk):
        found = Campaign.objects.select_related("account").filter(pk=int(pk), account__is_active=True).first()
    return _proved(found, secret, api)


def _is_key(written: str) -> bool:
    return written.isascii() and written.isdigit() and len(written) <= _LONGEST_KEY


def _proved(found: Campaign | None, secret: str, api: str) -> Campaign | None:
    wanted = _secret(found, api) if found else "0" * 32
    return found if constant_time_compare(secret.encode(errors="replace"), wanted.encode()) and found else None


def _secret(campaign: Campaign, api: str) -> str:
    return hashlib.sha256(f"{api}:{campaign.token}".encode()).hexdigest()[:32]
