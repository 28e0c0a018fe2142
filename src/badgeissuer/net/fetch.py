"""The only way out: one GET of a stranger's https document, which cannot be led to a private address.

A credential names URLs (its issuer's keys, its status list), and whoever sends it chooses them. So: https on port 443
of a host name; the name is resolved once, every answer must be a public unicast address, and a checked address is the
one dialled, so that a second answer (DNS rebinding) has no say; TLS is verified against the name. No redirects, no
proxies or certificates that the environment names, no cookies, no compressed answers; size and time are capped.

It stands on httpcore2, the transport below httpx2, which takes a network backend openly and adds nothing of the above.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import httpcore2
import httpx2

from badgeissuer import __version__
from badgeissuer.errors import Misconfigured, Rejected, Unavailable
from badgeissuer.net.addresses import public_unicast
from badgeissuer.settings import is_loopback

log = logging.getLogger("badgeissuer.net")

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port to IP addresses, best first. Raises ``OSError`` where there are none."""

_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?#]*)(?P<target>[^#]*)(?:#.*)?")
_AUTHORITY = re.compile(r"(?P<host>[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label starts with a letter, so that no spelling of an IPv4 address (127.1, 0x7f.1, 2130706433) is a name.
_NAME = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")
_NEVER_PUBLIC = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".onion")
_MAX_URL = 2_048
_MAX_DIALS = 4
_DEFAULT_PORTS = {"https": 443, "http": 80}
_NETWORK_ERRORS = (httpcore2.NetworkError, httpcore2.ProtocolError, httpcore2.TimeoutException, OSError)


class FetchRefused(Rejected):
    """The URL, or where it leads, is one that this service never connects to. Trying again changes nothing."""

    code = "ssrf-refused"


class FetchFailed(Unavailable):
    """The document could not be had: the name, the connection, TLS, the time, or an answer out of bounds."""

    code = "fetch-failed"


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that came whole. ``status`` may be any but a redirect; ``content_type`` is "" where none was sent."""

    url: str
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class _Place:
    scheme: str
    host: str
    port: int
    target: str

    @property
    def origin(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


async def resolve(host: str, port: int) -> list[str]:
    """The system's resolver, off the event loop."""
    answers = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in answers))


class Fetcher:
    """Fetches by the rules above; safe to share. Each fetch has its own connection, so nothing is reused.

    ``loopback_base`` is demo mode's one exception: exactly this origin of this machine, plain http allowed, is dialled
    on its loopback addresses without asking a resolver. ``resolver``, ``network`` and ``tls`` are for tests.
    """

    def __init__(
        self,
        *,
        timeout: float = 5.0,
        max_bytes: int = 1_048_576,
        resolver: Resolver | None = None,
        loopback_base: str | None = None,
        network: httpcore2.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._resolver = resolver or resolve
        self._network = network or httpcore2.AnyIOBackend()
        self._tls = tls
        self._loopback: tuple[str, str, int] | None = None
        if loopback_base is not None:
            place = _parsed(loopback_base)
            if place.scheme not in _DEFAULT_PORTS or not is_loopback(place.host):
                raise Misconfigured("the loopback base must be an http or https address of this machine")
            self._loopback = place.origin
            log.warning(
                "DEMO: requests to %s on this machine are allowed; never run a public service like this", loopback_base
            )

    async def get(self, url: str, *, accept: str, max_bytes: int | None = None) -> Fetched:
        """GET the document. Raises ``FetchRefused`` before any connection, or for a redirect; else ``FetchFailed``.

        ``max_bytes`` stands for the fetcher's own limit, where this document may be larger.
        """
        try:
            place = _parsed(url)
            loopback = place.origin == self._loopback
            if not loopback:
                _check(place)
            async with asyncio.timeout(self._timeout):
                return await self._get(url, place, accept, max_bytes or self._max_bytes, loopback=loopback)
        except FetchRefused as error:
            log.warning("an outgoing request was refused: %s", error.detail)
            raise
        except TimeoutError:
            raise FetchFailed(f"no whole answer within {self._timeout:g} seconds") from None
        except _NETWORK_ERRORS as error:
            raise FetchFailed(_words(error)) from error

    async def _get(self, url: str, place: _Place, accept: str, most: int, *, loopback: bool) -> Fetched:
        guard = _Guard(self._network, self._resolver, self._timeout, loopback=loopback)
        request = httpcore2.URL(scheme=place.scheme, host=place.host, port=place.port, target=place.target)
        headers: dict[bytes | str, bytes | str] = {
            "Host": place.authority,
            "Accept": accept,
            "Accept-Encoding": "identity",
            "User-Agent": f"badgeissuer/{__version__}",
            "Connection": "close",
        }
        tls = self._tls_context() if place.scheme == "https" else None
        pool = httpcore2.AsyncConnectionPool(ssl_context=tls, network_backend=guard)
        try:
            async with pool, pool.stream("GET", request, headers=headers) as response:
                return await self._whole(url, response, most)
        finally:  # httpcore2 leaves the socket open where the time is up during the TLS handshake
            await guard.aclose()

    async def _whole(self, url: str, response: httpcore2.Response, most: int) -> Fetched:
        headers = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        if 300 <= response.status < 400:
            raise FetchRefused("the host answers with a redirect, and redirects are not followed")
        if headers.get(b"content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise FetchFailed("the answer is compressed, although it was asked for as it is")
        length = headers.get(b"content-length", "")
        if length.isdecimal() and int(length[:20]) > most:
            raise FetchFailed(f"the answer is larger than {most} bytes")
        body = bytearray()
        async for part in response.aiter_stream():
            body += part
            if len(body) > most:
                raise FetchFailed(f"the answer is larger than {most} bytes")
        return Fetched(url, response.status, headers.get(b"content-type", ""), bytes(body))

    def _tls_context(self) -> ssl.SSLContext:
        if self._tls is None:  # reads the certificate store, so not before it is needed
            self._tls = httpx2.create_ssl_context(trust_env=False)
        return self._tls


class _Guard(httpcore2.AsyncNetworkBackend):
    """Dials for one fetch. Whatever asks for a connection gets one to a checked address, or none."""

    def __init__(
        self, network: httpcore2.AsyncNetworkBackend, resolver: Resolver, patience: float, *, loopback: bool
    ) -> None:
        self._network = network
        self._resolver = resolver
        self._patience = patience
        self._opened: list[httpcore2.AsyncNetworkStream] = []
        self._loopback = loopback

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        addresses = _own_addresses(host) if self._loopback else await self._public_addresses(host, port)
        addresses = addresses[:_MAX_DIALS]
        failure: Exception = httpcore2.ConnectError()
        for address in addresses:
            try:  # a silent address leaves time for the others
                stream = await self._network.connect_tcp(
                    address, port, self._patience / len(addresses), local_address, socket_options
                )
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                failure = error
            else:
                self._opened.append(stream)
                return stream
        raise failure

    async def aclose(self) -> None:
        for stream in self._opened:
            await stream.aclose()

    async def _public_addresses(self, host: str, port: int) -> Sequence[str]:
        try:
            addresses = await self._resolver(host, port)
        except (OSError, UnicodeError):
            raise FetchFailed("the host's name cannot be resolved") from None
        if not addresses:
            raise FetchFailed("the host's name has no address")
        # One bad answer refuses all: nobody honest mixes public and private ones, and the dialler would try each.
        if not all(public_unicast(address) for address in addresses):
            raise FetchRefused("the host has an address that is not a public one")
        return addresses


def _parsed(url: str) -> _Place:
    """The parts of an absolute http(s) URL, by one strict reading that everything after it shares."""
    match = _URL.fullmatch(url) if len(url) <= _MAX_URL and url.isascii() and url.isprintable() else None
    if match is None or set(url) & set(' "<>\\^`{|}'):
        raise FetchRefused("not an absolute URL in plain ASCII of at most 2,048 characters")
    if "@" in match["authority"]:
        raise FetchRefused("the URL holds a user name")
    scheme = match["scheme"].lower()
    authority = _AUTHORITY.fullmatch(match["authority"].lower())
    port = int(authority["port"] or _DEFAULT_PORTS.get(scheme, 0)) if authority else 0
    if authority is None or not 0 < port < 65_536:
        raise FetchRefused("the URL has no host and port that can be read in one way")
    target = match["target"] if match["target"].startswith("/") else "/" + match["target"]
    return _Place(scheme, authority["host"].strip("[]"), port, target)


def _check(place: _Place) -> None:
    """What needs no resolver: the scheme, the port, and that the host is a name that can be public."""
    if place.scheme != "https":
        raise FetchRefused("only https is fetched")
    if place.port != _DEFAULT_PORTS["https"]:
        raise FetchRefused("only port 443 is fetched from")
    if not _NAME.fullmatch(place.host) or f".{place.host}".endswith(_NEVER_PUBLIC):
        raise FetchRefused("the host is not a public name (addresses are not fetched from)")


def _own_addresses(host: str) -> list[str]:
    try:
        return [str(ip_address(host))]
    except ValueError:
        return ["127.0.0.1", "::1"]


def _words(error: BaseException) -> str:
    """What failed, without the host's own text."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return "the host's TLS certificate or connection is not good"
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpcore2.ProtocolError):
        return "the host does not answer in proper HTTP"
    return "the host cannot be reached"
