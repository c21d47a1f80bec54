"""The dialer in the admin: who may speak through which door, how carriers and engine are, and why a call waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from campaigns.admin import AccountAdmin, CallAdmin, filters, moments
from campaigns.admin.base import HistoryAdmin, LedgerAdmin, column
from campaigns.admin.forms import LedgerForm
from campaigns.models import Account, Call, Campaign
from campaigns.states import Api, CallState
from dialer import clock, credentials, explaining
from dialer.admin_campaigns import StandingCampaignAdmin
from dialer.admin_carriers import CarrierAdmin, EngineAdmin
from dialer.models import (
    CarrierHealth,
    ClockAnchor,
    Credential,
    Heartbeat,
    IdempotenceKey,
    LoginFailure,
    PacingState,
    Session,
)

# Where the secrets of what was just made stand until they are shown, this once.
SECRETS = "_secrets_to_show"


class ExplainedCallAdmin(CallAdmin):
    """Calls with the answer to "why was it not placed?"."""

    def get_urls(self) -> list[Any]:
        """Return the pages of calls, with the one that explains."""
        view = self.admin_site.admin_view(self.why_view)
        return [path("<path:object_id>/why/", view, name="campaigns_call_why"), *super().get_urls()]

    def page(self, request: HttpRequest, call: Call) -> dict[str, Any]:
        """Return what the call's page shows, with why it is not placed."""
        return {**super().page(request, call), "why": _why(call)}

    def why_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show every gate of a call: open or shut, why, and when the engine looks again."""
        call = self.wanted(request, object_id)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "original": call,
            "title": f"Why was {call.number} not placed?",
            "why": _why(call),
            "alone": True,
        }
        return TemplateResponse(request, "admin/campaigns/call/why.html", context)


def _why(call: Call) -> dict[str, Any]:
    """Return an explanation as the page shows it."""
    now = clock.now()
    found = explaining.explain(call, now=now)
    return {
        "question": "Why is it not placed now?" if call.state == CallState.WAITING else "What became of it?",
        "summary": found.summary,
        "next_look": _look(found.next_look_at, call, now),
        "gates": [
            {"is_open": gate.is_open, "words": gate.words, "next_look": _look(gate.next_look_at, call, now)}
            for gate in found.gates
        ],
        "asked": moments.shown(now, call.account.timezone),
    }


def _look(moment: dt.datetime | None, call: Call, now: dt.datetime) -> str:
    if moment is None:
        return ""
    return f"{moments.shown(moment, call.account.timezone)} ({moments.away(moment, now)})"


class OpeningAccountAdmin(AccountAdmin):
    """Accounts; a new one is opened whole: with a user and credentials for every API, shown this once."""

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """Open an account. Raises Refused."""
        fields.pop("account", None)
        opened = credentials.open_account(**fields)
        setattr(request, SECRETS, opened)
        return Account.objects.get(pk=opened["account"])

    def response_add(self, request: HttpRequest, obj: Account, post_url_continue: str | None = None) -> HttpResponse:
        """Show the secrets of the account that was opened."""
        opened: dict[str, Any] = getattr(request, SECRETS)
        lines = [("Sign-in", "user", opened["user"]), ("Sign-in", "password", opened["password"])]
        lines.append(("Native API", "key", opened["api_key"]))
        for api in (Api.GO4CLIENTS, Api.SENDSERVICE, Api.VOICENTER, Api.ONC):
            lines += [(str(api.label), name, value) for name, value in opened[api.value].items()]
        back = reverse("admin:campaigns_account_change", args=[obj.pk])
        return _shown_once(self, request, f"{obj.name} is open", lines, back)


def _shown_once(
    page: LedgerAdmin, request: HttpRequest, title: str, lines: list[tuple[str, str, str]], back: str
) -> HttpResponse:
    """Show secrets in the answer to the request that made them: they are on no page that could be opened again."""
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "title": title,
        "lines": lines,
        "back": back,
    }
    response = TemplateResponse(request, "admin/dialer/secrets.html", context)
    response["Cache-Control"] = "no-store"
    return response


class CredentialForm(LedgerForm):
    """A credential, without its secret."""


@admin.register(Credential)
class CredentialAdmin(LedgerAdmin):
    """Who may speak through which door. A new one is a key of the native API; its secret is shown this once."""

    form = CredentialForm
    list_display = (
        "label",
        "account",
        "api",
        "can_write",
        "is_active",
        "created_at",
        "expires_at",
        "last_used_at",
    )
    list_filter = (
        ("account", filters.RelatedDropdownFilter),
        ("api", filters.ChoicesDropdownFilter),
        "is_active",
    )
    list_select_related = ("account",)
    list_defer = ("identifier", "secret_digest")
    search_fields = ("label",)
    actions = ("revoke_selected",)
    fields = ("account", "label", "can_write")

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Return the fields; of a stored credential also its state and dates, never its secret."""
        if obj is None:
            return list(self.fields)
        dates = ("created_at", "last_used_at", "expires_at")
        return [*self.fields, "api", "is_active", "allowed_addresses", dates]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str, ...]:
        """Return what cannot be changed."""
        return ("account", "api", "created_at", "last_used_at") if obj else ()

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """Make a key of the native API."""
        key = credentials.issue_key(account=fields["account"], label=fields["label"], can_write=fields["can_write"])
        setattr(request, SECRETS, key)
        return Credential.objects.get(api=Api.NATIVE, identifier=credentials.digest(key))

    def response_add(self, request: HttpRequest, obj: Credential, post_url_continue: str | None = None) -> HttpResponse:
        """Show the key that was made."""
        back = reverse("admin:dialer_credential_changelist")
        lines = [("Native API", "key", str(getattr(request, SECRETS)))]
        return _shown_once(self, request, "The key was made", lines, back)

    def alter(self, request: HttpRequest, row: Credential, changed: Mapping[str, Any]) -> None:
        """Change a credential. A revoked one stops at once."""
        Credential.objects.filter(pk=row.pk).update(**changed)

    @admin.action(description="Revoke the selected credentials: they stop at once", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[Credential]) -> None:
        """Revoke credentials."""
        revoked = queryset.filter(is_active=True).update(is_active=False)
        self.message_user(request, f"{revoked} revoked.", messages.SUCCESS)


@admin.register(Session)
class SessionAdmin(HistoryAdmin):
    """Open sessions of APIs that have them."""

    list_display = ("credential", "account", "used_at")
    list_select_related = ("account", "credential")
    list_defer = ("digest",)
    fields = ("account", "credential", "used_at")


@admin.register(IdempotenceKey)
class IdempotenceKeyAdmin(HistoryAdmin):
    """Keys by which a request that is repeated gets its first answer again."""

    list_display = ("key", "account", "api", "scope", "status", "created_at")
    list_select_related = ("account",)
    list_defer = ("body",)
    search_fields = ("=key",)
    fields = ("account", "api", "scope", "key", "status", "created_at")


@admin.register(Heartbeat)
class HeartbeatAdmin(EngineAdmin):
    """When each part of the engine last did its work."""

    list_display = ("part", "beat_at", "age")
    ordering = ("part",)

    @column("Age")
    def age(self, row: Heartbeat) -> str:
        """Say how long ago it was, by the wall's clock as heartbeats are."""
        return moments.away(row.beat_at, timezone.now())


@admin.register(PacingState)
class PacingStateAdmin(EngineAdmin):
    """What the pace of campaigns with members is measured from."""

    list_display = ("campaign", "answered", "abandoned", "answer_seconds", "talk_seconds", "risk", "measured_at")


@admin.register(LoginFailure)
class LoginFailureAdmin(EngineAdmin):
    """Failed tries to open a session."""

    list_display = ("who", "api", "happened_at")
    list_filter = (("api", filters.ChoicesDropdownFilter),)
    search_fields = ("=who",)


@admin.register(ClockAnchor)
class ClockAnchorAdmin(EngineAdmin):
    """Where the engine's clock and the wall's met, while the engine's runs faster."""

    list_display = ("engine_at", "wall_at", "speed")


admin.site.register(CarrierHealth, CarrierAdmin)
for model, page in ((Call, ExplainedCallAdmin), (Account, OpeningAccountAdmin), (Campaign, StandingCampaignAdmin)):
    admin.site.unregister(model)
    admin.site.register(model, page)
