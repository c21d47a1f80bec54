"""Finds the account or campaign that a person names, and the moment to import at."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any, cast

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from campaigns.imports.faults import NotImported
from campaigns.models import Account, Campaign
from campaigns.states import CampaignState


def now() -> dt.datetime:
    """Return the engine's present moment; whose clock that is, the settings name."""
    return cast(Callable[[], dt.datetime], import_string(settings.ENGINE_CLOCK))()


def account(name: str) -> Account:
    """Return the account of an id or name. Raises NotImported."""
    found = _by_id(Account.objects.all(), name) or Account.objects.filter(name=name).first()
    if found is None:
        raise NotImported(f"There is no account {name!r}; its id or its name is wanted.")
    return found


def campaign(name: str, within: Account | None = None) -> Campaign:
    """Return the campaign of an id, a uuid, or a name that only one has. Raises NotImported."""
    known = Campaign.objects.select_related("account").exclude(state=CampaignState.DELETED)
    where = ""
    if within is not None:
        known, where = known.filter(account=within), f" in the account {within.name!r}"
    found = _by_id(known, name) or _by_uuid(known, name)
    if found is not None:
        return found
    few = list(known.filter(name=name).order_by("id")[:5])
    if not few:
        raise NotImported(f"There is no campaign {name!r}{where}; its id, uuid or name is wanted.")
    if len(few) > 1:
        ids = ", ".join(str(one.pk) for one in few)
        raise NotImported(f"Several campaigns are called {name!r}{where}; name one by its id: {ids}.")
    return few[0]


def _by_id(known: QuerySet[Any], name: str) -> Any:
    is_id = name.isascii() and name.isdigit() and len(name) < 19
    return known.filter(pk=int(name)).first() if is_id else None


def _by_uuid(known: QuerySet[Campaign], name: str) -> Campaign | None:
    try:
        return known.filter(uuid=uuid.UUID(name)).first()
    except ValueError:
        return None
