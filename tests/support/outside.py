"""The world outside, for tests of outgoing requests: names, a wire, servers and certificates, and hostile input."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

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


MakeTls = Callable[..., ssl.SSLContext]


def make_authority(folder: Path) -> MakeTls:
    """Makes server contexts with certificates of a private authority; ``client`` is the context that trusts it."""
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
