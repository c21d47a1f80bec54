"""Carriers in the admin: whether they take calls, what failed, and the button that closes their circuit breaker."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import path, reverse

from campaigns.admin import moments
from campaigns.admin.base import PlatformAdmin, column
from campaigns.models import CallAttempt
from dialer import breaker, clock
from dialer.models import CarrierHealth


class EngineAdmin(PlatformAdmin):
    """Rows that the engine keeps of itself: shown to the platform's staff, never changed."""

    deeds = frozenset({"view"})


class CarrierAdmin(EngineAdmin):
    """Carriers and their circuit breakers, which who may change carriers can reset."""

    list_display = ("alias", "state", "failures", "opened", "trial", "changed_at")
    ordering = ("alias",)
    fields = ("alias", "failures", "opened", "trial", "changed_at")
    readonly_fields = ("opened", "trial")
    change_form_outer_before_template = "admin/dialer/carrierhealth/evidence.html"

    @column("State", badges={"down": "danger", "trial": "warning", "failing": "warning", "up": "success"})
    def state(self, row: CarrierHealth) -> tuple[str, str]:
        """Say whether it takes calls."""
        return _state(row)

    @column("Takes none since", ordering="opened_at")
    def opened(self, row: CarrierHealth) -> str:
        """Say since when it takes none."""
        return moments.brief(row.opened_at)

    @column("Next trial", ordering="open_until")
    def trial(self, row: CarrierHealth) -> str:
        """Say when one call tries it again."""
        if row.open_until is None:
            return "-"
        now = clock.now()
        return (
            "now" if row.open_until <= now else f"{moments.brief(row.open_until)} ({moments.away(row.open_until, now)})"
        )

    def get_urls(self) -> list[Any]:
        """Return the pages of carriers, with the one that resets."""
        view = self.admin_site.admin_view(self.reset_view)
        return [path("<path:object_id>/reset/", view, name="dialer_carrierhealth_reset"), *super().get_urls()]

    def may_reset(self, request: HttpRequest) -> bool:
        """Tell whether the signed-in person may close a breaker: staff of the platform with the right to change it."""
        user = request.user
        return self.may(request, "view") and user.has_perm("dialer.change_carrierhealth")

    def reset_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close a carrier's breaker, because a person knows that it is well."""
        carrier: CarrierHealth = self.wanted(request, object_id)
        if not self.may_reset(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if breaker.reset(carrier.alias, now=clock.now()):
            self.log_change(request, carrier, "Reset.")
            told = f"{carrier.alias} takes calls again. If it fails on, its breaker opens again."
            self.message_user(request, told, messages.SUCCESS)
        else:
            self.message_user(request, f"{carrier.alias} was taking calls already; nothing was done.", messages.INFO)
        return HttpResponseRedirect(reverse("admin:dialer_carrierhealth_change", args=[carrier.pk]))

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show a carrier: whether it takes calls, and the calls that failed."""
        carrier = self.get_object(request, object_id)
        if carrier is not None and self.has_view_permission(request, carrier):
            shown = {"words": _words(carrier), "evidence": _evidence(carrier), "may_reset": self.may_reset(request)}
            extra_context = {**(extra_context or {}), "carrier": shown}
        return super().change_view(request, object_id, form_url, extra_context)


def _state(row: CarrierHealth) -> tuple[str, str]:
    if row.open_until is not None:
        return ("down", "Takes no calls") if row.open_until > clock.now() else ("trial", "On trial")
    return ("failing", "Failing") if row.failures else ("up", "Takes calls")


def _words(row: CarrierHealth) -> str:
    """Return a carrier's state as a sentence."""
    state, _ = _state(row)
    after = f"after {row.failures} failures in a row"
    if state == "down":
        return (
            f"It takes no calls since {moments.brief(row.opened_at)}, {after}. "
            f"At {moments.brief(row.open_until)} one call tries it again."
        )
    if state == "trial":
        return f"It takes no calls since {moments.brief(row.opened_at)}, {after}. One call at a time tries it now."
    if state == "failing":
        return f"It takes calls; the last {'call' if row.failures == 1 else f'{row.failures} calls'} failed."
    return "It takes calls."


def _evidence(row: CarrierHealth) -> list[dict[str, Any]]:
    """Return the calls that failed last, newest first, with the way to each attempt that there still is."""
    there = set(
        CallAttempt.objects.filter(pk__in=[one.get("attempt") for one in row.evidence]).values_list("pk", flat=True)
    )
    return [
        {
            **one,
            "at": moments.brief(dt.datetime.fromisoformat(one["at"])) if "at" in one else "-",
            "url": reverse("admin:campaigns_callattempt_change", args=[one["attempt"]])
            if one.get("attempt") in there
            else "",
        }
        for one in reversed(row.evidence)
    ]
