"""The routes of the native REST API: each app serves its own rows, and all of them stand here."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from campaigns.api import problems
from campaigns.api.views import people, prompts, suppressions
from dialer import api as dialer_api
from reports import api as reports_api

router = SimpleRouter()
# A redirected POST loses its body, so the slash is free.
router.trailing_slash = "/?"
router.register("campaigns", dialer_api.Campaigns, basename="campaigns")
router.register("members", people.Members, basename="members")
router.register("contacts", people.Contacts, basename="contacts")
router.register("calls", dialer_api.Calls, basename="calls")
router.register("attempts", dialer_api.Attempts, basename="attempts")
router.register("suppressions", suppressions.Suppressions, basename="suppressions")
router.register("prompts", prompts.Prompts, basename="prompts")
router.register("reports", reports_api.Reports, basename="reports")
router.register("carriers", dialer_api.Carriers, basename="carriers")

urlpatterns = [
    path("v1/", include(router.urls)),
    re_path(r"^v1(?:/.*)?$", problems.not_found),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
