"""What a browser may load on our pages: our own files, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# The admin's theme evaluates expressions in its own attributes and sets inline styles; no inline script is run.
ADMIN = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# The page of the API's documents starts its viewer by an inline script.
DOCUMENTS = ADMIN.replace("'unsafe-eval'", "'unsafe-inline'")
# Everything else is data: whoever opens it in a browser loads nothing.
DATA = "default-src 'none'; frame-ancestors 'none'"
BY_PREFIX = (("/admin/", ADMIN), ("/api/docs", DOCUMENTS))


class ContentSecurityPolicy:
    """Middleware that says it on every response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, with the policy of the page."""
        response = self.get_response(request)
        found = next((policy for prefix, policy in BY_PREFIX if request.path.startswith(prefix)), DATA)
        response.headers.setdefault("Content-Security-Policy", found)
        return response
