"""The guard on outgoing requests: hostile URLs and hosts, rebinding, TLS names, and answers out of bounds.

A resolver is injected, and a network that records each address it is asked to dial. It carries the dial to a real
server on this machine, so that HTTP and TLS are the real ones.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path

import pytest

from badgeissuer.errors import Misconfigured, Rejected, Unavailable
from badgeissuer.net import fetch
from badgeissuer.net.addresses import public_unicast
from badgeissuer.net.fetch import Fetched, Fetcher, FetchFailed, FetchRefused
from tests.support.outside import (
    HOSTILE_ADDRESSES,
    HOSTILE_URLS,
    JSON,
    OK,
    PUBLIC_4,
    PUBLIC_6,
    TLS,
    URL,
    MakeTls,
    Names,
    Wire,
    make_authority,
    says,
    serving,
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> MakeTls:
    return make_authority(tmp_path_factory.mktemp("tls"))


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
    async def test_the_checked_address_with_the_name_in_tls(self, authority: MakeTls) -> None:
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

    async def test_rebinding_has_no_say(self, authority: MakeTls) -> None:
        names = Names([PUBLIC_4], ["127.0.0.1"], ["169.254.169.254"])
        async with serving(says(OK), authority("issuer.example")) as port:
            wire = Wire(port)
            await Fetcher(resolver=names, network=wire, tls=authority(client=True)).get(URL, accept=JSON)
        assert (len(names.asked), wire.dialled) == (1, [(PUBLIC_4, 443)])

    async def test_the_second_fetch_is_checked_anew(self, authority: MakeTls) -> None:
        names = Names([PUBLIC_4], ["127.0.0.1"])
        async with serving(says(OK), authority("issuer.example")) as port:
            wire = Wire(port)
            fetcher = Fetcher(resolver=names, network=wire, tls=authority(client=True))
            await fetcher.get(URL, accept=JSON)
            with pytest.raises(FetchRefused):
                await fetcher.get(URL, accept=JSON)
        assert (len(names.asked), wire.dialled) == (2, [(PUBLIC_4, 443)])

    async def test_another_address_where_one_is_dead_or_silent(self, authority: MakeTls) -> None:
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
    async def test_the_certificate_must_name_the_host(self, authority: MakeTls, hosts: tuple[str, ...]) -> None:
        heard: list[bytes] = []
        async with serving(says(OK, heard=heard), authority(*hosts)) as port:
            fetcher = Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port), tls=authority(client=True))
            with pytest.raises(FetchFailed, match="TLS"):
                await fetcher.get(URL, accept=JSON)
        assert heard == []

    async def test_an_expired_certificate(self, authority: MakeTls) -> None:
        async with serving(says(OK), authority("issuer.example", days=-1)) as port:
            fetcher = Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port), tls=authority(client=True))
            with pytest.raises(FetchFailed, match="TLS"):
                await fetcher.get(URL, accept=JSON)

    async def test_an_unknown_authority_also_when_the_environment_names_it(
        self, authority: MakeTls, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        trusted = authority(client=True).get_ca_certs(binary_form=True)[0]
        (tmp_path / "authority.pem").write_text(ssl.DER_cert_to_PEM_cert(trusted))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
        async with serving(says(OK), authority("issuer.example")) as port:
            with pytest.raises(FetchFailed, match="TLS"):
                await Fetcher(resolver=Names([PUBLIC_4]), network=Wire(port)).get(URL, accept=JSON)

    async def test_a_server_without_tls(self, authority: MakeTls) -> None:
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

    async def test_over_https_with_its_own_name(self, authority: MakeTls) -> None:
        async with serving(says(OK), authority("localhost")) as port:
            base = f"https://localhost:{port}"
            fetcher = Fetcher(loopback_base=base, tls=authority(client=True))
            assert (await fetcher.get(f"{base}/did.json", accept=JSON)).body == b"{}"
        async with serving(says(OK), authority("issuer.example")) as port:
            base = f"https://localhost:{port}"
            with pytest.raises(FetchFailed, match="TLS"):
                await Fetcher(loopback_base=base, tls=authority(client=True)).get(f"{base}/x", accept=JSON)
