"""Delivers every message ten times: stands at the broker between those who send and the workers.

    python -m tests.trials.witness.repeater

Takes each message from the queue that everybody sends to, and puts it so many times into the one that the workers of
the trial read. Nobody who sends or works knows of it.
"""

from __future__ import annotations

import os
import time

from kombu import Connection, Consumer, Message, Producer, Queue

TIMES = 10
FROM, TO = "celery", "tenfold"


def repeat(connection: Connection) -> None:
    """Take and repeat until the broker hangs up."""
    queue = Queue(TO, routing_key=TO)
    channel = connection.default_channel
    producer = Producer(channel)

    def heard(message: Message) -> None:
        told = {"content_type": message.content_type, "content_encoding": message.content_encoding}
        kept = {name: message.properties[name] for name in ("correlation_id", "reply_to") if name in message.properties}
        for _ in range(TIMES):
            producer.publish(message.body, routing_key=TO, declare=[queue], headers=message.headers, **told, **kept)
        message.ack()

    with Consumer(channel, [Queue(FROM, routing_key=FROM)], on_message=heard, prefetch_count=50):
        while True:
            connection.drain_events()


def main() -> None:
    while True:
        with Connection(os.environ["CELERY_BROKER_URL"]) as connection:
            try:
                connection.connect()
                repeat(connection)
            except connection.recoverable_connection_errors:
                time.sleep(0.2)


if __name__ == "__main__":
    main()
