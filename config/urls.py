"""Where every door stands."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config import health

handler500 = "config.faults.failed"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("config.api")),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("", include("dialer.vendors.go4clients.urls")),
    path("", include("dialer.vendors.jaicp.urls")),
    path("", include("dialer.vendors.onc.urls")),
    path("", include("dialer.vendors.sendservice.urls")),
    path("", include("dialer.vendors.voicenter.urls")),
]
