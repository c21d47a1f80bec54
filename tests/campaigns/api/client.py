"""A program that speaks the native API with a key, as an integrator would write it."""

from __future__ import annotations

import io
import json
import wave
from typing import Any

from django.test import Client

PROBLEM = "application/problem+json"


class Native:
    """Sends JSON with a key, and reads what is answered; faults of the server are answers too."""

    def __init__(self, key: str | None) -> None:
        self.key = key
        self.client = Client(raise_request_exception=False)

    def send(self, method: str, path: str, body: Any = None, **headers: str):
        """Send any request; a body that is not bytes is sent as JSON."""
        if self.key is not None:
            headers.setdefault("Authorization", f"Bearer {self.key}")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return self.client.generic(method, f"/api/v1/{path}", content, content_type="application/json", headers=headers)

    def get(self, path: str, status: int = 200) -> Any:
        """Read; the status is as awaited."""
        return self._told(self.send("GET", path), status)

    def post(self, path: str, body: Any = None, status: int = 201, **headers: str) -> Any:
        """Make something, or act."""
        return self._told(self.send("POST", path, body, **headers), status)

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        """Change something."""
        return self._told(self.send("PATCH", path, body), status)

    def delete(self, path: str, status: int = 204) -> Any:
        """Take something away."""
        return self._told(self.send("DELETE", path), status)

    def all(self, path: str, **narrowed: Any) -> list[Any]:
        """Read a list to its end, page by page."""
        query = "&".join(f"{name}={value}" for name, value in narrowed.items())
        page, rows = self.get(f"{path}?{query}"), []
        while True:
            rows += page["results"]
            if page["next"] is None:
                return rows
            page = self.get(page["next"].partition("/api/v1/")[2])

    def upload(self, path: str, status: int = 201, **fields: Any) -> Any:
        """Send a form with a file."""
        sent = self.client.post(f"/api/v1/{path}", fields, headers={"Authorization": f"Bearer {self.key}"})
        return self._told(sent, status)

    def _told(self, response, status: int) -> Any:
        assert response.status_code == status, (response.status_code, response.content[:2000])
        if status == 204:
            assert response.content == b""
            return None
        assert response["Content-Type"] == (PROBLEM if status >= 400 else "application/json")
        return json.loads(response.content)


def faults(problem: dict[str, Any]) -> dict[str, str]:
    """Return what a problem says is wrong, by field."""
    return {error["field"]: error["message"] for error in problem["errors"]}


def wav(seconds: float = 0.1) -> io.BytesIO:
    """Return a silent WAV file."""
    content = io.BytesIO()
    with wave.open(content, "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(8000)
        audio.writeframes(b"\0\0" * int(8000 * seconds))
    content.seek(0)
    content.name = "hello.wav"
    return content
