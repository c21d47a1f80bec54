"""A database that cannot be reached, for tests of what everybody is told then."""

from __future__ import annotations

from django.db import connection


class Unreachable:
    """The connection, closed and pointed at a database that is not there, and put back."""

    def __init__(self, folder) -> None:
        self.wrong = (
            {"NAME": str(folder / "no" / "such" / "folder")}
            if connection.vendor == "sqlite"
            else {"HOST": "127.0.0.1", "PORT": 1}
        )

    def __enter__(self) -> None:
        self.kept, self.right = connection.connection, dict(connection.settings_dict)
        connection.connection = None
        connection.settings_dict.update(self.wrong)

    def __exit__(self, *error: object) -> None:
        connection.settings_dict.update(self.right)
        connection.connection = self.kept
