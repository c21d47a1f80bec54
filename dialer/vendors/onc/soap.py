"""SOAP 1.1 as .NET's basicHttpBinding has it: envelopes in, envelopes and faults out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lxml import etree

from dialer.vendors.base import Malformed
from dialer.vendors.onc import xml_form
from dialer.vendors.onc.shapes import Type

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
SERVICE = "http://tempuri.org/"
DISPATCHER = "http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher"
ADDRESSING_NONE = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
# A header meant for somebody on the way is not for us to understand.
OUR_ROLES = {None, "", "http://schemas.xmlsoap.org/soap/actor/next"}
# The stubs of lxml do not know the default namespace.
_PLAIN: Any = {None: SERVICE}


class Fault(Exception):
    """The request cannot be served as SOAP: a fault's code, with its namespace, and its sentence."""

    def __init__(self, namespace: str, code: str, message: str) -> None:
        super().__init__(message)
        self.namespace = namespace
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Message:
    """What a request wants: the operation's name, and the element that holds its parameters, if there is one."""

    operation: str
    body: etree._Element | None


def read(raw: bytes, action: str) -> Message:
    """Return what an envelope wants; `action` is the SOAPAction header, which names it where the body is empty.

    Raises Fault.
    """
    root = _parse(raw)
    name = etree.QName(root)
    if name.localname != "Envelope":
        raise malformed("The root element is no SOAP envelope.")
    if name.namespace != ENVELOPE:
        raise Fault(ENVELOPE, "VersionMismatch", "A SOAP 1.1 envelope is wanted.")
    _check_headers(root)
    body = root.find(f"{{{ENVELOPE}}}Body")
    if body is None:
        raise malformed("The envelope has no Body.")
    if len(body):
        return Message(xml_form.local_name(body[0]), body[0])
    return Message(action.strip().strip('"').rpartition("/")[2], None)


def _parse(raw: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise malformed(f"The body is no XML: {error}") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise malformed("A document type declaration is not allowed.")
    return root


def _check_headers(root: etree._Element) -> None:
    header = root.find(f"{{{ENVELOPE}}}Header")
    for item in header if header is not None else ():
        must = item.get(f"{{{ENVELOPE}}}mustUnderstand") in {"1", "true"}
        if must and item.get(f"{{{ENVELOPE}}}actor") in OUR_ROLES:
            raise Fault(ENVELOPE, "MustUnderstand", f"The header {xml_form.local_name(item)} is not understood.")


def malformed(message: str) -> Fault:
    """Return the fault for a request that cannot be read."""
    return Fault(DISPATCHER, "DeserializationFailed", message)


def unknown(operation: str) -> Fault:
    """Return the fault for an operation that there is not."""
    return Fault(ADDRESSING_NONE, "ActionNotSupported", f"There is no operation {operation[:80]!r}.")


def internal() -> Fault:
    """Return the fault for a failure of ours, of which the caller is told nothing."""
    return Fault(DISPATCHER, "InternalServiceFault", "The server was unable to process the request.")


def parameters(message: Message, wanted: tuple[tuple[str, Type], ...]) -> dict[str, Any]:
    """Return an operation's parameters. Raises Fault."""
    body = message.body if message.body is not None else etree.Element("none")
    try:
        return xml_form.read_members(wanted, body)
    except Malformed as error:
        raise malformed(str(error)) from error


def answer(operation: str, kind: Type, value: Any) -> bytes:
    """Return the envelope that answers an operation; a null result is left out."""
    root, body = _envelope()
    response = etree.SubElement(body, f"{{{SERVICE}}}{operation}Response", nsmap=_PLAIN)
    if value is not None:
        prefixes = {"i": INSTANCE}
        if inner := xml_form.namespace(kind):
            prefixes["a"] = inner
        result = etree.SubElement(response, f"{{{SERVICE}}}{operation}Result", nsmap=prefixes)
        xml_form.write(kind, result, value)
    return _written(root)


def fault(problem: Fault) -> bytes:
    """Return the envelope that says why a request is not served."""
    root, body = _envelope()
    element = etree.SubElement(body, f"{{{ENVELOPE}}}Fault")
    prefix = "s" if problem.namespace == ENVELOPE else "a"
    code = etree.SubElement(element, "faultcode", nsmap={prefix: problem.namespace})
    code.text = f"{prefix}:{problem.code}"
    sentence = etree.SubElement(element, "faultstring")
    sentence.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    sentence.text = xml_form.writable(problem.message)
    return _written(root)


def _envelope() -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"s": ENVELOPE})
    return root, etree.SubElement(root, f"{{{ENVELOPE}}}Body")


def _written(root: etree._Element) -> bytes:
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)
