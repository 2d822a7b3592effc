from __future__ import annotations

from kwip.services.outgoing.public_addresses import is_public

PUBLIC = (
    *("1.1.1.1", "93.184.216.34", "2606:4700::1111", "::ffff:1.1.1.1"),
    "64:ff9b::101:101",
)
OTHERS = (
    *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "0.0.0.1", "::1", "::"),
    *("169.254.169.254", "100.64.0.1", "100.100.100.200", "168.63.129.16"),
    *("192.0.0.192", "192.88.99.1", "198.18.0.1", "203.0.113.1", "224.0.0.1"),
    *("255.255.255.255", "240.0.0.1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254"),
    *("fec0::1", "ff02::1", "2001:db8::1", "2001::1", "2002:7f00:1::", "3fff::1"),
    *("::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "64:ff9b::7f00:1"),
    *("64:ff9b:1::7f00:1", "64:ff9b::a9fe:a9fe", "2606:4700::1%lo", "localhost", ""),
)


def test_only_addresses_of_the_internet_are_public():
    assert [each for each in PUBLIC if not is_public(each)] == []
    assert [each for each in OTHERS if is_public(each)] == []
