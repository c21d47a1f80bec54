"""Filters of lists: none of them reads all the rows it filters."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

from django.contrib.admin import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    DropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)

from campaigns.models import Campaign
from campaigns.states import CampaignState

__all__ = ["CampaignFilter", "ChoicesDropdownFilter", "PeriodFilter", "RelatedDropdownFilter", "StateFilter"]

# So many campaigns are offered, the newest; a link from any other campaign's page still filters by it.
OFFERED = 50


class CampaignFilter(DropdownFilter):
    """Rows of one campaign: offers the newest of those that the person may know of."""

    title = "campaign"
    parameter_name = "campaign"
    column: ClassVar[str] = "campaign_id"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        """Return the campaigns to choose from."""
        mine = model_admin.admin_site._registry[Campaign].get_queryset(request)
        chosen = _key(self.used_parameters.get(self.parameter_name))
        newest = list(mine.order_by("-pk").values_list("pk", "name")[:OFFERED])
        if chosen is not None and chosen not in dict(newest):
            newest += mine.filter(pk=chosen).values_list("pk", "name")
        return [(str(pk), f"{name} ({pk})") for pk, name in newest]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the chosen campaign; all where none is chosen."""
        if not self.value():
            return queryset
        chosen = _key(self.value())
        return queryset.none() if chosen is None else queryset.filter(**{self.column: chosen})

    def has_output(self) -> bool:
        """Tell that the filter is shown even where there is no campaign yet."""
        return True


class PeriodFilter(RangeDateTimeFilter):
    """Rows between two moments of the zone that the page is shown in; a day without a time is the whole day."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows of the period; none where it is not readable, which its form says."""
        try:
            ends = {"gte": self._moment("from", dt.time.min), "lte": self._moment("to", dt.time.max)}
        except (ValueError, OverflowError):
            return queryset.none()
        given = {f"{self.parameter_name}__{lookup}": moment for lookup, moment in ends.items() if moment}
        return queryset.filter(**given)

    def _moment(self, end: str, default: dt.time) -> dt.datetime | None:
        """Return one end of the period; None where it is open. Raises ValueError, OverflowError."""
        day, time = (self.used_parameters.get(f"{self.parameter_name}_{end}_{part}") for part in (0, 1))
        if not day:
            return None
        clock = dt.time.fromisoformat(time) if time else default
        zone = timezone.get_current_timezone()
        return dt.datetime.combine(dt.date.fromisoformat(day), clock, tzinfo=zone).astimezone(dt.UTC)


class StateFilter(DropdownFilter):
    """Campaigns in one state; deleted ones are listed only where they are asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[Any, Any]]:
        """Return the states."""
        return list(CampaignState.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the campaigns in the chosen state."""
        chosen = self.value()
        return queryset.filter(state=chosen) if chosen else queryset.exclude(state=CampaignState.DELETED)


def _key(value: Any) -> int | None:
    """Return the key that a query names; None where it is none."""
    text = str(value[-1] if isinstance(value, list) and value else value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
