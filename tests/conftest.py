"""Fixtures that all tests share: a world whose time is virtual, with an account that has every credential."""

from __future__ import annotations

import gc
import threading

import pytest
from django.conf import settings

from dialer import carriers
from tests.world import World


def pytest_addoption(parser):
    """Let trials run more examples than a test run has time for."""
    parser.addoption("--engine-examples", type=int, default=25, help="Examples of the engine's state machine.")


def pytest_collection_modifyitems(config, items):
    """Leave out what only PostgreSQL can show, where DATABASE_URL names none."""
    if settings.DATABASES["default"]["ENGINE"].endswith("postgresql"):
        return
    left_out = [item for item in items if item.get_closest_marker("postgres")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hash passwords in microseconds: the real hashers are slow on purpose, and most tests make an account."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def served_to_the_end(request):
    """Let no thread of a live server outlive its database: a client's kept connection holds one until it is closed."""
    yield
    if "live_server" in request.fixturenames:
        gc.collect()
        for thread in threading.enumerate():
            if "process_request_thread" in thread.name:
                thread.join(timeout=5)


@pytest.fixture(autouse=True)
def our_own_clock(settings):
    """Let time be moved: the database's own clock, which the engine reads on PostgreSQL, moves for nobody."""
    settings.DATABASE_CLOCK = False


@pytest.fixture
def carried_by(settings):
    """Let channels, all where none is named, be carried by a backend with its options: `carried_by(path, "voice")`."""

    def carry(backend, *channels, **options):
        aliases = channels or settings.CARRIERS
        settings.CARRIERS = settings.CARRIERS | {key: {"BACKEND": backend, "OPTIONS": options} for key in aliases}
        carriers.get.cache_clear()
        return carriers.get(next(iter(aliases)))

    yield carry
    carriers.get.cache_clear()


@pytest.fixture
def world(db):
    """A world at Monday 2031-03-03 10:00 UTC, on the simulator, with one account."""
    with World.at("2031-03-03T10:00:00+00:00") as made:
        yield made
