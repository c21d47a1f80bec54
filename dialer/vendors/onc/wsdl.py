"""The service's description: kept by hand in onc.wsdl, served with the address at which it was asked for."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import escape

_TEMPLATE = Path(__file__).with_name("onc.wsdl").read_text(encoding="utf-8")
_ADDRESS = "https://HOST/onc/soap"


def document(address: str) -> bytes:
    """Return the WSDL with the service at an address."""
    return _TEMPLATE.replace(_ADDRESS, escape(address, {'"': "&quot;"})).encode()
