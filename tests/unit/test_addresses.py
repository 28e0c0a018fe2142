"""Which addresses are public unicast: hostile spellings, tunnels, and the special-purpose registries."""

from __future__ import annotations

import pytest

from badgeissuer.net.addresses import public_unicast
from tests.support.outside import HOSTILE_ADDRESSES, PUBLIC_4, PUBLIC_6


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
