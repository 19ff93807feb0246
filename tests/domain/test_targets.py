"""Which addresses are never called, by their look and by what they stand for."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import targets
from gateway.domain.targets import BadTarget

LOOPBACKS = ["http://127.0.0.1:9000/x", "http://localhost:9000/", "http://[::1]:9000/", "https://localhost/"]


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://hooks.example.com", "hooks.example.com"),
        ("https://HOOKS.Example.com:443/a?b=c%20d", "hooks.example.com"),
        ("https://hooks.example.com:8443/", "hooks.example.com:8443"),
        ("https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://93.184.216.34/", "93.184.216.34"),
        ("https://[2606:2800:220:1::1]:8443/", "[2606:2800:220:1::1]:8443"),
    ],
)
def test_a_public_address_is_taken(url: str, authority: str) -> None:
    for sandbox in (True, False):
        found = targets.target(url, sandbox=sandbox)
        assert (found.authority, found.loopback) == (authority, False)


@pytest.mark.parametrize(
    "url",
    [
        "", "hooks.example.com", "//hooks.example.com", "ftp://hooks.example.com", "HTTPS://hooks.example.com",
        "http://hooks.example.com", "https://hooks.example.com:80", "https://hooks.example.com:22",
        "https://hooks.example.com:0", "https://hooks.example.com:", "https://hooks.example.com:99999",
        "https://user@hooks.example.com", "https://user:secret@hooks.example.com", "https://a@127.0.0.1/",
        "https://hooks.example.com/#fragment", "https://hooks.example.com\\@127.0.0.1/",
        "https://hooks.example.com/a b", "https://hooks.example.com/\n", "https://hooks.example.com/\r\nhost: x",
        " https://hooks.example.com",
        "https://hooks.example.com.", "https://hooks..example.com", "https://-hooks.example.com", "https://intranet/",
        "https://b\u00fccher.example/", "https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/", "https://127\u30020\u30020\u30021/",
        "https://hooks\u2024example.com/", "https://%31%32%37.0.0.1/", "https://hooks.example.com%2f@x/",
        "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://1.2.3.04/",
        "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[::ffff:10.0.0.1]/", "https://[]/",
        "https://10.0.0.1/", "https://169.254.169.254/latest/", "https://[::]/", "https://[64:ff9b::7f00:1]/",
        f"https://hooks.example.com/{'x' * 2_000}",
    ],
)  # fmt: skip
def test_an_address_that_is_no_strangers_is_refused(url: str) -> None:
    for sandbox in (True, False):
        with pytest.raises(BadTarget):
            targets.target(url, sandbox=sandbox)


@pytest.mark.parametrize("url", LOOPBACKS)
def test_this_machine_is_called_in_the_sandbox_alone(url: str) -> None:
    found = targets.target(url, sandbox=True)
    assert found.loopback
    assert targets.may_call(found, "127.0.0.1")
    assert targets.may_call(found, "::1")
    assert not targets.may_call(found, "93.184.216.34"), "localhost may stand for nothing else"
    with pytest.raises(BadTarget):
        targets.target(url, sandbox=False)


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",  # noqa: S104 - not bound to
        "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.9", "169.254.169.254",
        "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "168.63.129.16",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:93.184.216.34", "::127.0.0.1", "64:ff9b::a00:1", "64:ff9b:1::1",
        "100::1", "2001::1", "2001:0:a00:1::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::",
        "2002:a00:1::1", "3fff::1", "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%eth0", "fec0::1",
        "ff02::1", "2606:2800:220:1::1%eth0", "", "hooks.example.com", "1.2.3", "127.1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_of_the_public_internet_is_not_called(address: str) -> None:
    assert not targets.is_global(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "2606:4700::1111", "2a00:1450::1"])
def test_an_address_of_the_public_internet_is_called(address: str) -> None:
    assert targets.is_global(address)


@given(st.integers(0, 2**32 - 1))
def test_no_v4_address_passes_that_the_standard_library_knows_as_special(number: int) -> None:
    address = IPv4Address(number)
    assert (address.is_global and not address.is_multicast) or not targets.is_global(str(address))


@given(st.integers(0, 2**32 - 1), st.sampled_from(["::ffff:0:0", "64:ff9b::", "2002::", "2001::", "::"]))
def test_no_v6_address_passes_that_carries_a_v4_address(number: int, around: str) -> None:
    shift = {"2002::": 80}.get(around, 0)
    assert not targets.is_global(str(IPv6Address(int(IPv6Address(around)) | number << shift)))
