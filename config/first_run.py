"""What is set up when Trunkline starts for the first time, and what is said about it."""

from __future__ import annotations

import datetime as dt
import secrets

from django.db import transaction

from campaigns.models import User
from config import demo

ADMIN = "admin"


@transaction.atomic
def set_up(*, address: str, with_demo: bool, now: dt.datetime) -> list[str]:
    """Make the administrator, and the demo if wanted, once; return the lines to show. Secrets are shown this once."""
    if User.objects.filter(is_superuser=True).exists():
        return [f"Set-up was done before. Sign in at {address}/admin/ (forgotten: python3 manage.py changepassword)."]
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(username=ADMIN, password=password)
    lines = [
        "First run. What follows is shown this once:",
        "",
        f"  Admin     {address}/admin/",
        f"  User      {ADMIN}",
        f"  Password  {password}",
        "",
    ]
    if not with_demo:
        return [*lines, "For an account with its credentials: python3 manage.py create_account NAME", ""]
    opened = demo.open_demo(now=now)
    lines += [f'The account "{demo.ACCOUNT}" reaches the simulator only. Its campaign runs; one more call by each API:']
    for name, line in demo.curl_lines(address, opened, now=now).items():
        lines += ["", f"  # {name}", f"  {line}"]
    return [*lines, ""]
