"""No test reaches past this machine: an audit hook refuses names and addresses that are not loopback.

The hook sits below every library, asyncio included. An attempt is also remembered, so that code which swallows the
error does not hide it; the test that made it fails (see conftest).
"""

from __future__ import annotations

import ipaddress
import socket
import sys
from typing import Any

_attempts: list[str] = []
_allowed: set[tuple[str, int]] = set()
_installed = False


class NetworkBlocked(RuntimeError):
    """A test tried to leave the machine. Not an OSError: code that handles network errors must not take it for one."""


def block(*, allow: tuple[str, int] | None = None) -> None:
    """Refuse the network from here on, for the life of the process (an audit hook cannot be taken out)."""
    global _installed
    if _installed:
        return
    if allow is not None:
        _allowed.add(allow)
        _allowed.update((entry[4][0], allow[1]) for entry in socket.getaddrinfo(*allow) if isinstance(entry[4][0], str))
    sys.addaudithook(_hook)
    _installed = True


def take_attempts() -> list[str]:
    """What was refused since the last call."""
    taken = _attempts[:]
    _attempts.clear()
    return taken


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    match event:
        case "socket.connect" | "socket.sendto":
            sock, address = arguments[0], arguments[1]
            if sock.family in (socket.AF_INET, socket.AF_INET6) and not _permitted(str(address[0]), int(address[1])):
                _refuse(f"{event} {address[0]}:{address[1]}")
        case "socket.getaddrinfo":
            host, port = arguments[0], arguments[1]
            if host is not None and not _permitted(_text(host), int(port) if str(port or "").isdigit() else 0):
                _refuse(f"{event} {_text(host)}")
        case "socket.gethostbyname" | "socket.gethostbyaddr":
            if not _permitted(_text(arguments[0]), 0):
                _refuse(f"{event} {_text(arguments[0])}")


def _permitted(host: str, port: int) -> bool:
    if host in ("", "localhost", "testserver") or (host, port) in _allowed:
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _text(host: str | bytes) -> str:
    return host.decode(errors="replace") if isinstance(host, bytes) else str(host)


def _refuse(what: str) -> None:
    _attempts.append(what)
    raise NetworkBlocked(f"tests may not use the network: {what}")
