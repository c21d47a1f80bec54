"""Workers and beats come back soon to a broker that was away, and never give up."""

from __future__ import annotations

import pytest
from kombu import Producer
from kombu.exceptions import OperationalError

from config import celery
from tests.config.running import free_port

RETRIES = celery.app.conf.task_publish_retry_policy


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_a_broker_that_is_away_is_tried_again_within_a_second(scheme):
    waits: list[float] = []
    connection = celery.app.amqp.Connection(f"{scheme}://127.0.0.1:{free_port()}//")

    with pytest.raises(OperationalError):
        connection.ensure_connection(lambda error, wait: waits.append(wait), max_retries=4)

    assert len(waits) >= 4
    assert waits == sorted(waits)
    assert 0 < waits[0] <= waits[-1] <= 1


@pytest.mark.parametrize("scheme", ["redis", "amqp"])
def test_who_loses_the_broker_while_sending_gives_up_in_time(scheme):
    connection = celery.app.amqp.Connection(f"{scheme}://127.0.0.1:{free_port()}//")

    def send():
        raise connection.recoverable_connection_errors[0]("lost")

    retries = {name: RETRIES[name] for name in ("max_retries", "interval_start", "interval_step", "interval_max")}
    with pytest.raises(OperationalError):
        connection.ensure(Producer(connection), send, **retries)()


def test_no_worker_ever_gives_up():
    assert celery.app.conf.broker_connection_max_retries is None
