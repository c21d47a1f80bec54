"""What every page of the admin stands on: one account's rows, who may do what, writes through operations.

A user with an account sees and changes that account's plans and nothing else; the platform's staff, who have none,
see all accounts, as far as Django's model permissions let them. What happened is shown and never changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import ForeignKey, JSONField, Model, QuerySet, TextField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.views import ChangeList

from campaigns import refusals
from campaigns.admin.forms import JSONText, LedgerForm, Text
from campaigns.models import User

if TYPE_CHECKING:
    # Generic for the type checker alone.
    AnyPaginator = Paginator[Any]
else:
    AnyPaginator = Paginator

Shows = TypeVar("Shows", bound=Callable[..., Any])
# So many rows are counted and can be paged through; whoever looks for others narrows the filter.
MOST_COUNTED = 10_000


def person(request: HttpRequest) -> User:
    """Return who is signed in. Requires that the admin site has let the request in."""
    return cast(User, request.user)


def is_tenant(request: HttpRequest) -> bool:
    """Tell whether the signed-in person belongs to an account, and so sees nothing but it."""
    return getattr(request.user, "account_id", None) is not None


def column(
    description: str, *, badges: Mapping[str, str] | None = None, ordering: str | None = None
) -> Callable[[Shows], Shows]:
    """Make a method a column of lists; with `badges` it returns (word of the table, what is shown)."""
    return cast("Callable[[Shows], Shows]", display(description=description, label=badges, ordering=ordering))


class CappedPaginator(AnyPaginator):
    """Counts no further than MOST_COUNTED, which an index does at once however many rows there are."""

    template_name = "admin/pagination_capped.html"

    @cached_property
    def counted(self) -> int:
        """Return how many rows there are, or one more than are counted."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: MOST_COUNTED + 1].count()

    @cached_property
    def count(self) -> int:
        """Return how many rows can be paged through."""
        return min(self.counted, MOST_COUNTED)

    @property
    def has_more(self) -> bool:
        """Tell whether there are rows behind the last page."""
        return self.counted > MOST_COUNTED


class Page(ChangeList):
    """One page of rows, without the columns that lists never show, and with what belongs to them fetched at once."""

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Return the rows that the filters leave."""
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        return rows.defer(*self.model_admin.list_defer)

    def get_results(self, request: HttpRequest) -> None:
        """Fetch the rows of the page, and what is shown beside them."""
        super().get_results(request)
        self.result_list: list[Any] = list(self.result_list)
        self.model_admin.furnish(request, self.result_list)


class LedgerAdmin(ModelAdmin):
    """Rows that belong to accounts. Subclasses make and change them by overriding `make` and `alter`."""

    form = LedgerForm
    formfield_overrides = {TextField: {"widget": Text}, JSONField: {"form_class": JSONText, "widget": Text}}
    # How a row is found to be an account's; blank for rows of the platform, which no account sees.
    owner: ClassVar[str] = "account"
    # What can be done with such rows at all, and which of it an account's own people may do.
    deeds: ClassVar[frozenset[str]] = frozenset({"view", "add", "change", "delete"})
    tenant_deeds: ClassVar[frozenset[str]] = frozenset({"view", "add", "change", "delete"})
    # Columns that lists never show.
    list_defer: ClassVar[Sequence[str]] = ()
    # Columns and filters that only the platform's staff need.
    staff_columns: ClassVar[Sequence[str]] = ("account",)
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False
    # They would count all that a list filters, once for each choice.
    show_facets = ShowFacets.NEVER
    list_filter_submit = True
    warn_unsaved_form = True
    ordering: ClassVar[Sequence[str]] = ("-pk",)

    # --- Who may do what -------------------------------------------------------------------------------

    def may(self, request: HttpRequest, deed: str) -> bool:
        """Tell whether the signed-in person may do something with rows of this kind."""
        user = person(request)
        if deed not in self.deeds or not (user.is_active and user.is_staff):
            return False
        if is_tenant(request):
            return bool(self.owner) and deed in self.tenant_deeds
        return user.has_perm(f"{self.opts.app_label}.{deed}_{self.opts.model_name}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the signed-in person sees this kind of row in menus."""
        return self.may(request, "view") or self.may(request, "change")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether the signed-in person may look."""
        return self.may(request, "view") or self.may(request, "change")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the signed-in person may make one."""
        return self.may(request, "add")

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether the signed-in person may change one."""
        return self.may(request, "change")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Tell whether the signed-in person may remove one."""
        return self.may(request, "delete")

    # --- Whose rows ------------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that the signed-in person may know of."""
        rows: QuerySet[Any] = super().get_queryset(request)
        if not is_tenant(request):
            return rows
        return rows.filter(**{self.owner: person(request).account_id}) if self.owner else rows.none()

    def wanted(self, request: HttpRequest, object_id: str) -> Any:
        """Return one of these rows. Raises Http404: another account's answers as an unknown one does."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404(f"There is no {self.opts.verbose_name} {object_id}.")
        return row

    def wanted_to_change(self, request: HttpRequest, object_id: str) -> Any:
        """Return one of these rows, to change it. Raises Http404, PermissionDenied."""
        row = self.wanted(request, object_id)
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        return row

    def formfield_for_foreignkey(self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field of a foreign key, offering only rows that the signed-in person may know of."""
        remote = self.admin_site._registry.get(db_field.remote_field.model)
        if remote is not None:
            kwargs.setdefault("queryset", remote.get_queryset(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    # --- Lists -----------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[Page]:
        """Return what fetches a page."""
        return Page

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns; an account's own people need not be told whose rows they are."""
        columns = super().get_list_display(request)
        return [column for column in columns if not (is_tenant(request) and column in self.staff_columns)]

    def get_list_filter(self, request: HttpRequest) -> list[Any]:
        """Return the filters; an account's own people need none by account."""
        filters = super().get_list_filter(request)
        names = [one[0] if isinstance(one, tuple) else one for one in filters]
        hidden = self.staff_columns if is_tenant(request) else ()
        return [one for one, name in zip(filters, names, strict=True) if name not in hidden]

    def furnish(self, request: HttpRequest, rows: list[Any]) -> None:
        """Fetch what a page of rows shows beside their columns, for all of them at once."""

    # --- Writes ----------------------------------------------------------------------------------------

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Return the fields that are not shown; an account's own people make rows of their account."""
        hidden = list(super().get_exclude(request, obj) or ())
        return [*hidden, "account"] if is_tenant(request) else hidden

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> list[Any]:
        """Return the groups of fields, without those that are not shown."""
        hidden = set(self.get_exclude(request, obj))
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name not in hidden]})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form, which knows the account of the rows it makes."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"account": person(request).account, "request": request})

    def save_model(self, request: HttpRequest, obj: Any, form: LedgerForm, change: bool) -> None:
        """Make or change a row by its operation. Raises Refused, which `changeform_view` tells."""
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
            self.alter(request, self.model._default_manager.get(pk=obj.pk), changed)
            return
        fields = dict(form.cleaned_data)
        fields.setdefault("account", person(request).account)
        obj.pk = self.make(request, fields).pk
        obj._state.adding = False

    def make(self, request: HttpRequest, fields: dict[str, Any]) -> Model:
        """Make a row. Raises Refused."""
        names = {field.name for field in self.opts.get_fields()}
        row: Model = self.model(**{name: value for name, value in fields.items() if name in names})
        row.save()
        return row

    def alter(self, request: HttpRequest, row: Any, changed: Mapping[str, Any]) -> None:
        """Change fields of a row. Raises Refused."""
        for name, value in changed.items():
            setattr(row, name, value)
        row.save()

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        """Show or take a form; what the ledger refuses after the form was found right is told in its words."""
        try:
            return super().changeform_view(request, object_id, *args, **kwargs)
        except refusals.Refused as refusal:
            return self.told(request, refusal, request.get_full_path())

    def told(self, request: HttpRequest, refusal: refusals.Refused, where: str) -> HttpResponse:
        """Say on the next page what the ledger refused."""
        self.message_user(request, refusal.message, messages.ERROR)
        return HttpResponseRedirect(where)


class HistoryAdmin(LedgerAdmin):
    """Rows of what happened: shown, never changed."""

    deeds = frozenset({"view"})

    def get_exclude(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        """Return the fields that are not shown: those too that hold no data, "null" in a browser."""
        fields = self.opts.concrete_fields if obj else ()
        empty = [field.name for field in fields if isinstance(field, JSONField) and not getattr(obj, field.attname)]
        return [*super().get_exclude(request, obj), *empty]


class PlatformAdmin(LedgerAdmin):
    """Rows of the platform, which no account sees."""

    owner = ""
    staff_columns = ()
