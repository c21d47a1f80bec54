"""Accounts, the people who sign in, and the numbers that may be shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold import forms as unfold_forms

from campaigns.admin import filters, moments
from campaigns.admin.base import LedgerAdmin, PlatformAdmin, is_tenant
from campaigns.models import Account, CallerId, User
from campaigns.operations import accounts as operations


@admin.register(Account)
class AccountAdmin(LedgerAdmin):
    """Tenants: an account's own people see its limits, the platform's staff set them."""

    owner = "pk"
    deeds = frozenset({"view", "add", "change"})
    tenant_deeds = frozenset({"view"})
    staff_columns = ()
    list_display = ("name", "country", "timezone", "max_live_calls", "calls_per_second", "is_sandbox", "is_active")
    list_filter = ("is_active", "is_sandbox")
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("name", ("country", "timezone"), ("is_sandbox", "is_active"))}),
        (
            "Limits",
            {"fields": (("max_live_calls", "calls_per_second"), "attempts_per_number_per_day", "allowed_prefixes")},
        ),
    )

    def alter(self, request: HttpRequest, row: Account, changed: Mapping[str, Any]) -> None:
        """Change an account; calls that its limits held back are looked at afresh. Raises Refused."""
        operations.update_account(account=row, now=moments.now(), **changed)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, LedgerAdmin):  # type: ignore[misc,type-arg]
    """People who sign in. The platform's staff make them; an account's own people see who they are."""

    form = unfold_forms.UserChangeForm
    add_form = unfold_forms.UserCreationForm
    change_password_form = unfold_forms.AdminPasswordChangeForm
    tenant_deeds = frozenset({"view"})
    list_display = ("username", "account", "first_name", "last_name", "is_active", "is_staff", "last_login")
    list_filter = (("account", filters.RelatedDropdownFilter), "is_active", "is_superuser")
    list_select_related = ("account",)
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password", "account")}),
        ("Person", {"fields": (("first_name", "last_name"), "email")}),
        ("Rights", {"fields": (("is_active", "is_staff", "is_superuser"), "groups")}),
        ("Dates", {"fields": (("last_login", "date_joined"),)}),
    )
    add_fieldsets = ((None, {"fields": ("username", "account", "is_staff", "password1", "password2")}),)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return Django's forms, which know how passwords are kept."""
        if obj is None:
            kwargs.setdefault("form", self.add_form)
        return super(LedgerAdmin, self).get_form(request, obj, change=change, **kwargs)

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return what is not shown: to an account's own people, whose they are, their hashes and their rights."""
        hidden = ["account", "password", "is_superuser", "groups"] if is_tenant(request) else []
        return [*LedgerAdmin.get_exclude(self, request, obj), *hidden]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store a person as Django's form has made them."""
        obj.save()


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, PlatformAdmin):  # type: ignore[misc]
    """Sets of rights of the platform's staff."""

    ordering = ("name",)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return Django's form, which knows the rights."""
        return super(LedgerAdmin, self).get_form(request, obj, change=change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store a group as Django's form has made it."""
        obj.save()


@admin.register(CallerId)
class CallerIdAdmin(LedgerAdmin):
    """Numbers that an account may show."""

    list_display = ("number", "account", "country", "member_code", "weight")
    list_filter = (("account", filters.RelatedDropdownFilter),)
    list_select_related = ("account",)
    search_fields = ("number", "member_code")
