"""The guard on outgoing requests: hostile URLs and hosts, rebinding, TLS names, and answers out of bounds.

A resolver is injected, and a network that records each address it is asked to dial. It carries the dial to a real
server on this machine, so that HTTP and TLS are the real ones.
"""

from __future__ import annotations

import asyncio
import gzip
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from badgeissuer.errors import Misconfigured, Rejected, Unavailable
from badgeissuer.net import fetch
from badgeissuer.net.addresses import public_unicast
from badgeissuer.net.fetch import Fetched, Fetcher, FetchFailed, FetchRefused

PUBLIC_4, PUBLIC_6 = "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"
URL = "https://issuer.example/did.json"
JSON = "application/json"
# For tests that never come to TLS: the default one reads the certificate store each time.
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

HOSTILE_ADDRESSES = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:2::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2002:5db8:d822::1",
    "2606:2800:220:1:0:5efe:10.0.0.1",
    "2606:2800:220:1:200:5efe:127.0.0.1",
    "3fff::1",
    "4000::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "2606:2800:220:1:248:1893:25c8:1946%1",
    "fec0::1",
    "ff02::1",
    "127.1",
    "0177.0.0.1",
    "0x7f000001",
    "2130706433",
    "localhost",
    "",
]

HOSTILE_URLS = [
    "http://issuer.example/",
    "ftp://issuer.example/",
    "file:///etc/passwd",
    "gopher://issuer.example/",
    "javascript://issuer.example/%0aalert(1)",
    "data:application/json,{}",
    "issuer.example/did.json",
    "//issuer.example/",
    "https:issuer.example",
    "https:///did.json",
    "https://",
    "",
    "https://127.1/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://1.1.1.1/",
    "https://127.0.0.1.0x1/",
    "https://[::1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2606:2800:220:1:248:1893:25c8:1946]/",
    "https://[fe80::1%25eth0]/",
    "https://[::1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    "https://metadata/",
    "https://metadata.google.internal/",
    "https://printer.local/",
    "https://router.lan/",
    "https://hidden.onion/",
    "https://issuer.example./",
    "https://.issuer.example/",
    "https://issuer..example/",
    "https://-issuer.example/",
    "https://issuer_.example/",
    "https://iss%75er.example/",
    "https://issuer.example%2f@evil.example/",
    "https://user@issuer.example/",
    "https://user:pass@issuer.example/",
    "https://issuer.example@127.0.0.1/",
    "https://issuer.example\\@127.0.0.1/",
    "https://issuer.example\\.evil.example/",
    "https://issuer.example:80/",
    "https://issuer.example:22/",
    "https://issuer.example:8443/",
    "https://issuer.example:0/",
    "https://issuer.example:65979/",
    "https://issuer.example:443:80/",
    "https://issuer.example:/\r\nHost: evil",
    "https://issuer.example/ HTTP/1.1\r\nX: y",
    "https://issuer.example/\tx",
    "https://issuer.example/\x00",
    " https://issuer.example/",
    "https://issuer.example/{x}",
    "https://bücher.example/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://ｌocalhost/",
    f"https://{'a' * 64}.example/",
    f"https://{'a.' * 130}example/",
    "https://issuer.example/" + "x" * 2048,
]


class Names:
    """A resolver that answers from a list, one answer a call, and counts the calls."""

    def __init__(self, *answers: Sequence[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        answer = self.answers[min(len(self.asked), len(self.answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer


class Wire(httpcore2.AsyncNetworkBackend):
    """Records what it is asked to dial, and reaches the one server on this machine instead (or nothing)."""

    def __init__(self, port: int | None = None, *, dead: Iterable[str] = (), silent: Iterable[str] = ()) -> None:
        self.port, self.dead, self.silent = port, set(dead), set(silent)
        self.dialled: list[tuple[str, int]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        self.dialled.append((host, port))
        if host in self.silent:
            await asyncio.sleep(timeout or 60)
            raise httpcore2.ConnectTimeout
        if self.port is None or host in self.dead:
            raise httpcore2.ConnectError
        return await httpcore2.AnyIOBackend().connect_tcp("127.0.0.1", self.port, timeout)


Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/did+json\r\nContent-Length: 2\r\n\r\n{}"


def says(text: bytes, *, heard: list[bytes] | None = None) -> Answer:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        if heard is not None:
            heard.append(request)
        writer.write(text)
        await writer.drain()

    return answer


@asynccontextmanager
async def serving(answer: Answer, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """A server on this machine for the length of a test; yields its port."""
    running: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()
            running.discard(task)

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(running):
            task.cancel()
        await asyncio.sleep(0.02)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., ssl.SSLContext]:
    """Makes server contexts with certificates of a private authority; ``client`` is the context that trusts it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    root = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    now = datetime.now(UTC)

    def build(subject: x509.Name, public: Any, days: int) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=10))
            .not_valid_after(now + timedelta(days=days))
        )

    certificate = (
        build(name, root.public_key(), 10)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(root, hashes.SHA256())
    )
    trusted = certificate.public_bytes(Encoding.PEM).decode()

    def make(*hosts: str, days: int = 1, client: bool = False) -> ssl.SSLContext:
        if client:
            return ssl.create_default_context(cadata=trusted)
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName(
            [x509.IPAddress(ip_address(h)) if h[0].isdigit() else x509.DNSName(h) for h in hosts]
        )
        leaf = build(x509.Name([]), key.public_key(), days).add_extension(names, critical=True)
        file = folder / f"{len(list(folder.iterdir()))}.pem"
        file.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + leaf.sign(root, hashes.SHA256()).public_bytes(Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    return make


class TestAddresses:
    @pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
    def test_not_public(self, address: str) -> None:
        assert public_unicast(address) is False

    @pytest.mark.parametrize(
        "address",
        [
            PUBLIC_4,
            PUBLIC_6,
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "192.0.1.1",
            "2001:4860:4860::8888",
            "2a00:1450:4001:800::200e",
            "::ffff:93.184.216.34",
            "64:ff9b::5db8:d822",  # how a host with IPv6 only sees any IPv4 host
        ],
    )
    def test_public(self, address: str) -> None:
        assert public_unicast(address) is True


class TestRefused:
    """Each of these is refused without a single connection, and most without asking for the name."""

    @pytest.mark.parametrize("url", HOSTILE_URLS)
    async def test_hostile_url(self, url: str) -> None:
        names, wire = Names([PUBLIC_4]), Wire()
        with pytest.raises(FetchRefused) as caught:
            await Fetcher(resolver=names, network=wire, tls=TLS).get(url, accept=JSON)
        assert (names.asked, wire.dialled) == ([], [])
        assert isinstance(caught.value, Rejected)
        assert caught.value.code == "ssrf-refused"
        assert "evil" not in caught.value.detail

    @pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
    @pytest.mark.parametrize("others", [[], [PUBLIC_4, PUBLIC_6]], ids=["alone", "among public ones"])
    async def test_hostile_answer(self, address: str, others: list[str]) -> None:
        for answer in ([address, *others], [*others, address]):
            names, wire = Names(answer), Wire()
            with pytest.raises(FetchRefused, match="not a public one"):
                await Fetcher(resolver=names, network=wire, tls=TLS).get(URL, accept=JSON)
            assert (names.asked, wire.dialled) == ([("issuer.example", 443)], [])

    async def test_what_the_systems_resolver_makes_of_this_machine(self) -> None:
        addresses = await fetch.resolve("localhost", 443)
        assert addresses
        assert not any(map(public_unicast, addresses))

    async def test_the_systems_resolver_is_the_one_by_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        found = socket.getaddrinfo("127.0.0.1", 443, type=socket.SOCK_STREAM)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        wire = Wire()
        with pytest.raises(FetchRefused):
            await Fetcher(network=wire, tls=TLS).get(URL, accept=JSON)
        assert wire.dialled == []

    async def test_a_refusal_is_logged_without_the_url(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING, "badgeissuer.net"), pytest.raises(FetchRefused):
            await Fetcher(resolver=Names(["10.0.0.1"]), network=Wire(), tls=TLS).get(URL + "?token=secret", accept=JSON)
        assert [record.getMessage() for record in caplog.records] == [
            "an outgoing request was refused: the host has an address that is not a public one"
        ]

    async def test_no_proxy_from_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")
        wire = Wire()
        with pytest.raises(FetchFailed):
            await Fetcher(resolver=Names([PUBLIC_4]), network=wire, tls=TLS).get(URL, accept=JSON)
        assert wire.dialled == [(PUBLIC_4, 443)]


class TestDialled:
    async def test_the_checked_address_with_the_name_in_tls(self, authority: Callable[..., ssl.SSLContext]) -> None:
        heard: list[bytes] = []
        names = Names([PUBLIC_4])
        async with serving(says(OK, heard=heard), authority("issuer.example")) as port:
            wire = Wire(port)
            fetcher = Fetcher(resolver=names, network=wire, tls=authority(client=True))
            fetched = await fetcher.get("HTTPS://Issuer.Example:443/did.json?a=b#key", accept=JSON)
        assert fetched == Fetched("HTTPS://Issuer.Example:443/did.json?a=b#key", 200, "application/did+json", b"{}")
        assert (names.asked, wire.dialled) == ([("issuer.example", 443)], [(PUBLIC_4, 443)])
        lines = heard[0].decode().split("\r\n")
        assert lines[0] == "GET /did.json?a=b HTTP/1.1"
        sent = {line.split(":")[0].lower(): line.split(": ")[1] for line in lines[1:] if line}
        assert sent.pop("user-agent").startswith("badgeissuer/")
        assert sent == {
            "host": "issuer.example",
            "accept": JSON,
            "accept-encoding": "identity",
            "connection": "close",
        }

    async def test_rebinding_has_no_say(self, authority: Callable[..., ssl.SSLContext]) -> None:
        names = Names([PUBLIC_4], ["127.0.0.1"], ["169.254.169.254"])
        async with serving(says(OK), authority("issuer.example")) as port:
            wire = Wire(port)
            await Fetcher(resolver=names, network=wire, tls=authority(client=True)).get(URL, accept=JSON)
        assert (len(names.asked), wire.dialled) == (1, [(PUBLIC_4, 443)])

    async def test_the_second_fetch_is_checked_anew(self, authority: Callable[..., ssl.SSLContext]) -> None:
        names = Names([PUBLIC_4], ["127.0.0.1"])
        async with serving(says(OK), authority("issuer.example")) as port:
            wire = Wire(port)
            fetcher = Fetcher(resolver=names, network=wire, tls=authority(client=True))
            await fetcher.get(URL, accept=JSON)
            with pytest.raises(FetchRefused):
                await fetcher.get(URL, accept=JSON)
        assert (len(names.asked), wire.dialled) == (2, [(PUBLIC_4, 443)])

    async def test_another_address_where_one_is_dead_or_silent(self, authority: Callable[..., ssl.SSLContext]) -> None:
        async with serving(says(OK), authority("issuer.example")) as port:
            wire = Wire(port, dead=[PUBLIC_6], silent=["1.1.1.1"])
            names = Names([PUBLIC_6, "1.1.1.1", PUBLIC_4])
            fetcher = Fetcher(resolver=names, network=wire, tls=authority(client=True), timeout=1)
            assert (await fetcher.get(URL, accept=JSON)).status == 200
        assert (len(names.asked), [host for host, _ in wire.dialled]) == (1, [PUBLIC_6, "1.1.1.1", PUBLIC_4])

    async def test_a_few_addresses_and_no_more(self) -> None:
        wire = Wire()
        with pytest.raises(FetchFailed, match="cannot be reached"):
            await Fetcher(resolver=Names([f"1.1.1.{n}" for n in range(99)]), network=wire, tls=TLS).get(
                URL, accept=JSON
            )
        assert len(wire.dialled) == 4


class TestTls:
    @pytest.mark.parametrize("hosts", [("other.example",), ("example",), (PUBLIC_4,), ("127.0.0.1",)])
    async def test_the_certificate_must_name_the_host(
        self, authority: Callable[..., ssl.SSLContext], hosts: tuple[str, ...]
    ) -> None:
        heard: list[bytes] = []
        async with serving(says(OK, heard=heard), authority(*hosts)) as port:
            fetcher = Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port), tls=authority(client=True))
            with pytest.raises(FetchFailed, match="TLS"):
                await fetcher.get(URL, accept=JSON)
        assert heard == []

    async def test_an_expired_certificate(self, authority: Callable[..., ssl.SSLContext]) -> None:
        async with serving(says(OK), authority("issuer.example", days=-1)) as port:
            fetcher = Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port), tls=authority(client=True))
            with pytest.raises(FetchFailed, match="TLS"):
                await fetcher.get(URL, accept=JSON)

    async def test_an_unknown_authority_also_when_the_environment_names_it(
        self, authority: Callable[..., ssl.SSLContext], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        trusted = authority(client=True).get_ca_certs(binary_form=True)[0]
        (tmp_path / "authority.pem").write_text(ssl.DER_cert_to_PEM_cert(trusted))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        async with serving(says(OK), authority("issuer.example")) as port:
            with pytest.raises(FetchFailed, match="TLS"):
                await Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port)).get(URL, accept=JSON)

    async def test_a_server_without_tls(self, authority: Callable[..., ssl.SSLContext]) -> None:
        async with serving(says(OK)) as port:
            fetcher = Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port), tls=authority(client=True), timeout=0.5)
            with pytest.raises(FetchFailed):
                await fetcher.get(URL, accept=JSON)


class TestNames:
    @pytest.mark.parametrize("answer", [socket.gaierror(-2, "Name or service not known"), UnicodeError("label"), []])
    async def test_no_address(self, answer: Exception | list[str]) -> None:
        wire = Wire()
        with pytest.raises(FetchFailed, match=r"the host's name") as caught:
            await Fetcher(resolver=Names(answer), network=wire, tls=TLS).get(URL, accept=JSON)
        assert isinstance(caught.value, Unavailable)
        assert wire.dialled == []

    async def test_a_resolver_that_hangs(self) -> None:
        async def hang(host: str, port: int) -> Sequence[str]:
            await asyncio.sleep(60)
            return []

        with pytest.raises(FetchFailed, match=r"within 0\.05 seconds"):
            await Fetcher(resolver=hang, network=Wire(), timeout=0.05, tls=TLS).get(URL, accept=JSON)


def head(status: str = "200 OK", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name.replace('_', '-')}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode()


async def fetched(answer: Answer, *, timeout: float = 2.0, max_bytes: int = 1_000) -> Fetched:
    """What the demo's exception makes of a server on this machine, over plain http."""
    async with serving(answer) as port:
        base = f"http://localhost:{port}"
        fetcher = Fetcher(timeout=timeout, max_bytes=max_bytes, loopback_base=base)
        return await fetcher.get(f"{base}/document", accept=JSON)


class TestAnswers:
    async def test_a_document(self) -> None:
        answer = await fetched(says(head(Content_Type=JSON, Content_Length="2") + b"{}"))
        assert (answer.status, answer.content_type, answer.body) == (200, JSON, b"{}")

    @pytest.mark.parametrize("status", ["201 Created", "404 Not Found", "410 Gone", "500 Oh", "503 Busy"])
    async def test_other_statuses_are_told(self, status: str) -> None:
        answer = await fetched(says(head(status, Content_Length="4") + b"gone"))
        assert (answer.status, answer.content_type, answer.body) == (int(status[:3]), "", b"gone")

    @pytest.mark.parametrize("status", ["300 X", "301 X", "302 X", "303 X", "304 X", "307 X", "308 X", "399 X"])
    async def test_redirects_are_refused(self, status: str) -> None:
        heard: list[bytes] = []
        with pytest.raises(FetchRefused, match="redirect"):
            await fetched(says(head(status, Location="/document", Content_Length="0"), heard=heard))
        assert len(heard) == 1

    @pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br", "zstd", "identity, gzip", "x"])
    async def test_compressed_answers_are_not_taken(self, encoding: str) -> None:
        bomb = gzip.compress(bytes(900_000))
        with pytest.raises(FetchFailed, match="compressed"):
            await fetched(says(head(Content_Encoding=encoding, Content_Length=str(len(bomb))) + bomb))

    @pytest.mark.parametrize("encoding", ["identity", "Identity", ""])
    async def test_unless_that_means_nothing(self, encoding: str) -> None:
        answer = await fetched(says(head(Content_Encoding=encoding, Content_Length="2") + b"{}"))
        assert answer.body == b"{}"

    async def test_just_not_too_large(self) -> None:
        answer = await fetched(says(head(Content_Length="1000") + b"x" * 1000))
        assert len(answer.body) == 1000

    @pytest.mark.parametrize("length", ["1001", "99999999999999999999999999"])
    async def test_too_large_by_its_own_word(self, length: str) -> None:
        with pytest.raises(FetchFailed, match=r"larger than 1000 bytes|proper HTTP"):
            await fetched(says(head(Content_Length=length)))

    @pytest.mark.parametrize("chunked", [True, False])
    async def test_too_large_without_saying_so(self, chunked: bool) -> None:
        sent = 0

        async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal sent
            writer.write(head(Transfer_Encoding="chunked") if chunked else head())
            for _ in range(10_000):
                writer.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n" if chunked else b"x" * 1000)
                await writer.drain()
                sent += 1000

        with pytest.raises(FetchFailed, match="larger than 1000 bytes"):
            await fetched(pour)
        assert sent < 10_000_000

    async def test_a_whole_answer_without_a_length(self) -> None:
        assert (await fetched(says(head() + b"{}"))).body == b"{}"

    @pytest.mark.parametrize(
        "text",
        [
            b"",
            b"SSH-2.0-OpenSSH_9.6\r\n",
            b"HTTP/1.1 abc\r\n\r\n",
            b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            head(Content_Length="9") + b"short",
            head(Content_Length="-1"),
            head(Content_Length="²"),
            head(Transfer_Encoding="gzip") + b"x",
            head(Transfer_Encoding="chunked") + b"zz\r\n",
            head(X="y" * 200_000),
        ],
    )
    async def test_broken_http(self, text: bytes) -> None:
        with pytest.raises(FetchFailed, match=r"proper HTTP|cannot be reached"):
            await fetched(says(text))

    @pytest.mark.parametrize("first", [b"", head(), head(Content_Length="500")], ids=["nothing", "head", "drip"])
    async def test_slow_answers_end_at_the_time_limit(self, first: bytes) -> None:
        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(first)
            for _ in range(400):
                if first:
                    writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.05)

        started = asyncio.get_running_loop().time()
        with pytest.raises(FetchFailed, match=r"within 0\.3 seconds"):
            await fetched(drip, timeout=0.3)
        assert asyncio.get_running_loop().time() - started < 2

    async def test_endless_interim_answers_end_too(self) -> None:
        async def early(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while True:
                writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.001)

        with pytest.raises(FetchFailed):
            await fetched(early, timeout=0.3)

    async def test_a_cancelled_fetch_ends(self) -> None:
        async def never(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(60)

        task = asyncio.ensure_future(fetched(never, timeout=30))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


class TestLoopbackBase:
    async def test_is_loud(self, caplog: pytest.LogCaptureFixture) -> None:
        with caplog.at_level(logging.WARNING, "badgeissuer.net"):
            Fetcher(loopback_base="http://localhost:8000")
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "http://localhost:8000" in caplog.text

    @pytest.mark.parametrize(
        "base", ["https://issuer.example", "http://10.0.0.1:8000", "http://192.168.1.2", "ws://localhost:8000"]
    )
    def test_is_this_machine_only(self, base: str) -> None:
        with pytest.raises(Misconfigured):
            Fetcher(loopback_base=base)

    @pytest.mark.parametrize(
        ("host", "dials"),
        [
            ("localhost", ["127.0.0.1", "::1"]),
            ("demo.localhost", ["127.0.0.1", "::1"]),
            ("127.0.0.1", ["127.0.0.1"]),
            ("[::1]", ["::1"]),
        ],
    )
    async def test_is_dialled_without_a_resolver(self, host: str, dials: list[str]) -> None:
        names, wire = Names(["10.0.0.1"]), Wire()
        fetcher = Fetcher(loopback_base=f"http://{host}:8000", resolver=names, network=wire, tls=TLS)
        with pytest.raises(FetchFailed):
            await fetcher.get(f"http://{host}:8000/x", accept=JSON)
        assert (names.asked, wire.dialled) == ([], [(address, 8000) for address in dials])

    @pytest.mark.parametrize(
        "url",
        [
            "http://localhost:8001/",
            "http://localhost/",
            "https://localhost:8000/",
            "http://127.0.0.1:8000/",
            "http://a.localhost:8000/",
            "http://user@localhost:8000/",
            "http://issuer.example:8000/",
            "http://localhost.evil.example:8000/",
        ],
    )
    async def test_is_exactly_this_origin(self, url: str) -> None:
        names, wire = Names([PUBLIC_4]), Wire()
        fetcher = Fetcher(loopback_base="http://localhost:8000", resolver=names, network=wire, tls=TLS)
        with pytest.raises(FetchRefused):
            await fetcher.get(url, accept=JSON)
        assert (names.asked, wire.dialled) == ([], [])

    async def test_does_not_open_the_rest(self) -> None:
        wire = Wire()
        fetcher = Fetcher(loopback_base="http://localhost:8000", resolver=Names(["127.0.0.1"]), network=wire, tls=TLS)
        with pytest.raises(FetchRefused):
            await fetcher.get(URL, accept=JSON)
        assert wire.dialled == []

    async def test_sends_its_port_in_the_host_header(self) -> None:
        heard: list[bytes] = []
        async with serving(says(OK, heard=heard)) as port:
            fetcher = Fetcher(loopback_base=f"http://127.0.0.1:{port}")
            await fetcher.get(f"http://127.0.0.1:{port}", accept=JSON)
        assert heard[0].startswith(b"GET / HTTP/1.1\r\n")
        assert f"\r\nHost: 127.0.0.1:{port}\r\n".encode() in heard[0]

    async def test_over_https_with_its_own_name(self, authority: Callable[..., ssl.SSLContext]) -> None:
        async with serving(says(OK), authority("localhost")) as port:
            base = f"https://localhost:{port}"
            fetcher = Fetcher(loopback_base=base, tls=authority(client=True))
            assert (await fetcher.get(f"{base}/did.json", accept=JSON)).body == b"{}"
        async with serving(says(OK), authority("issuer.example")) as port:
            base = f"https://localhost:{port}"
            with pytest.raises(FetchFailed, match="TLS"):
                await Fetcher(loopback_base=base, tls=authority(client=True)).get(f"{base}/x", accept=JSON)
