"""The vendor's paths, absolute; their case does not matter, nor a slash at the end."""

from __future__ import annotations

from django.urls import URLPattern, re_path

from dialer.vendors.sendservice import views
from dialer.vendors.sendservice.views import Door

ROOT = "MultiChannelAPI/Api/instantCall"
ROUTES: dict[str, type[Door]] = {
    ROOT: views.InstantCalls,
    f"{ROOT}/{{id}}": views.InstantCall,
    f"{ROOT}/{{id}}/{{Status}}": views.InstantCall,
}
PARTS = {"{id}": "(?P<pk>[^/]+)", "{Status}": "(?P<status>[^/]+)"}


def _any_case(text: str) -> str:
    """Return a regular expression for a text in any case. One flag of its own would make no URL reversible at all."""
    return "".join(f"[{char.upper()}{char.lower()}]" if char.isalpha() else char for char in text)


def _path(route: str, view: type[Door]) -> URLPattern:
    pattern = "/".join(PARTS.get(part) or _any_case(part) for part in route.split("/"))
    return re_path(rf"^{pattern}/?\Z", view.as_view())


urlpatterns = [
    *(_path(route, view) for route, view in ROUTES.items()),
    re_path(rf"^{_any_case('MultiChannelAPI')}(?:/[\s\S]*)?$", views.Unknown.as_view()),
]
