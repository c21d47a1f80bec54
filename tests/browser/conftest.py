"""A Chromium that notes whatever a page complains of, and a person signed in with it."""

from __future__ import annotations

import os

import pytest
from playwright.sync_api import sync_playwright

from campaigns.models import User

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def chromium():
    """The browser, started once."""
    # Playwright runs a loop of its own, in which Django would refuse to touch the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def site(live_server):
    """The address of the running site."""
    return live_server.url


@pytest.fixture
def page(chromium, site):
    """A fresh window; at the end nothing may have been refused, loaded from elsewhere, or failed."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, timezone_id="Europe/Rome")
    made = context.new_page()
    complaints: list[str] = []
    made.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("response", lambda answer: complaints.append(answer.url) if answer.status >= 400 else None)
    asked: list[str] = []
    made.on("request", lambda request: asked.append(request.url))
    yield made
    context.close()
    assert complaints == []
    assert [address for address in asked if not address.startswith((site, "data:", "blob:"))] == []


@pytest.fixture
def signed_in(site, page, transactional_db):
    """Sign somebody in through the form."""

    def sign_in(user: User) -> None:
        user.set_password(PASSWORD)
        user.save()
        page.goto(f"{site}/admin/")
        page.get_by_label("Username").fill(user.username)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(f"{site}/admin/")

    return sign_in
