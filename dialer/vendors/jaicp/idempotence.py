"""Does a thing once for a key, however often it is asked for: whoever comes again gets the first one's answer."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import IntegrityError, transaction

from campaigns.models import Account
from campaigns.states import Api
from dialer.models import IdempotenceKey

Wanted = TypeVar("Wanted")

# Which operations share their keys; each steering action has a group of its own.
ADDING = "adding"
CANCELLING = "cancelling"


@dataclass(frozen=True, slots=True)
class Once:
    """A key as it came with a request; a blank one is none. Keys hold for the whole account."""

    account: Account
    group: str
    key: str
    now: dt.datetime

    def answer(self, read: Callable[[], Wanted], act: Callable[[Wanted], Any]) -> Any:
        """Return the answer that the key got before; else read the request, act on it, and keep what comes of it.

        Opens one transaction, for the key and the act together: of a fault nothing stays, and the key is free again.
        """
        if kept := self._kept():
            return json.loads(kept.body)
        wanted = read()
        with transaction.atomic():
            row = self._reserved() if self.key else None
            if row is None and (kept := self._kept()):
                return json.loads(kept.body)
            made = act(wanted)
            if row is not None:
                row.body = json.dumps(made)
                row.save(update_fields=["body"])
        return made

    def _kept(self) -> IdempotenceKey | None:
        if not self.key:
            return None
        found = IdempotenceKey.objects.filter(account=self.account, api=Api.JAICP, scope=self.group, key=self.key)
        return found.first()

    def _reserved(self) -> IdempotenceKey | None:
        """Store the key, or return None where a twin has stored it; waits for a twin that has not committed yet."""
        try:
            with transaction.atomic():
                return IdempotenceKey.objects.create(
                    account=self.account, api=Api.JAICP, scope=self.group, key=self.key, created_at=self.now
                )
        except IntegrityError:
            return None
