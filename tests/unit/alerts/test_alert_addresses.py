"""Which addresses alerts may be posted to."""

from ipaddress import ip_address

import pytest

from shared.addresses import allowed, fault
from shared.errors import ConfigurationError
from shared.settings import load

PUBLIC = ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
INSIDE = [
    "127.0.0.1",
    "127.9.9.9",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "fc00::1",
    "fd12::1",
]
INSIDE_IN_OTHER_WORDS = ["::ffff:10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::a00:1"]
NEVER = [
    "169.254.169.254",  # the keys of a cloud's machine
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "fe80::1",
    "fec0::1",
    "0.0.0.0",  # noqa: S104 - an address that is refused
    "0.1.2.3",
    "::",
    "::ffff:0.0.0.0",
    "100.64.0.1",  # shared by carriers
    "100.127.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "ff02::1",
    "240.0.0.1",
    "255.255.255.255",
    "64:ff9b:1::1",
    "100::1",
    "2001:db8::1",
    "2001::1",
    "2002:a00:1::",
    "2002:808:808::",
    "3fff::1",
    "::a00:1",
    "5f00::1",
]


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("private", [False, True])
def test_a_public_address_may_be_posted_to(address: str, private: bool) -> None:  # noqa: FBT001
    assert allowed(ip_address(address), private=private)


@pytest.mark.parametrize("address", [*INSIDE, *INSIDE_IN_OTHER_WORDS])
def test_our_own_network_only_where_it_was_allowed(address: str) -> None:
    assert not allowed(ip_address(address), private=False)
    assert allowed(ip_address(address), private=True)


@pytest.mark.parametrize("address", NEVER)
@pytest.mark.parametrize("private", [False, True])
def test_what_nobody_should_be_posted_to_never_is(address: str, private: bool) -> None:  # noqa: FBT001
    assert not allowed(ip_address(address), private=private)


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("https://hooks.slack.com/services/T0/B0/x", None),
        ("https://8.8.8.8:8443/hook", None),
        ("https://[2606:4700::1111]/hook", None),
        ("http://hooks.slack.com/services/T0/B0/x", "is not https"),
        ("http://127.0.0.1:8080/hook", "is not https"),
        ("https://127.0.0.1/hook", "is not public"),
        ("https://[::ffff:10.0.0.1]/hook", "is not public"),
        ("https://169.254.169.254/latest/meta-data", "is not public"),
        ("https://[fe80::1%25eth0]/hook", "is not public"),
        ("https://user:word@ops.example.org/", "has a user's name in it"),
        ("https://user@ops.example.org/", "has a user's name in it"),
        ("ftp://ops.example.org/", "is no address of https"),
        ("file:///etc/passwd", "is no address of https"),
        ("https:///hook", "is no address of https"),
        ("not an address", "is no address of https"),
        ("http://[", "is no address"),
        ("https://ops.example.org:port/", "is no address"),
    ],
)
def test_what_is_wrong_with_an_address_is_said_without_asking_for_its_name(url: str, wrong: str | None) -> None:
    assert fault(url, private=False) == wrong


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://127.0.0.1:8080/hook", None),
        ("http://localhost:8080/hook", None),
        ("http://[::1]:8080/hook", None),
        ("https://10.0.0.7/hook", None),
        ("http://10.0.0.7/hook", "is not https"),
        ("http://localhost.example.org/hook", "is not https"),
        ("https://169.254.169.254/", "is not public"),
    ],
)
def test_in_clear_only_to_this_machine_and_only_where_it_was_allowed(url: str, wrong: str | None) -> None:
    assert fault(url, private=True) == wrong


def test_a_setting_that_names_a_bad_address_is_refused_by_its_place_and_not_repeated() -> None:
    with pytest.raises(ConfigurationError) as raised:
        load({"ALERT_WEBHOOK_URL": "https://ops.example.org/hook, http://inside/secret"})
    assert raised.value.detail == "Wrong settings. ALERT_WEBHOOK_URL: Value error, address 2 is not https"


def test_several_addresses_are_separated_by_commas() -> None:
    settings = load({"ALERT_WEBHOOK_URL": "https://a.example.org/x, https://b.example.org/y"})
    assert [url.get_secret_value() for url in settings.alert_webhook_url] == [
        "https://a.example.org/x",
        "https://b.example.org/y",
    ]


@pytest.mark.parametrize("secret", ["whsec_x", "whsec_", "not base64!"])
def test_a_secret_that_is_no_key_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ConfigurationError, match="ALERT_WEBHOOK_SECRET: Value error, no key") as raised:
        load({"ALERT_WEBHOOK_SECRET": secret})
    assert secret not in raised.value.detail.removeprefix("Wrong settings. ALERT_WEBHOOK_SECRET").replace(
        "whsec_ and", ""
    )


@pytest.mark.parametrize(
    ("given", "console"),
    [
        ({}, "http://127.0.0.1:8080/console"),
        ({"FUNCTIONS_BASE_URL": "https://{name}.example.org/"}, "https://console.example.org/console"),
        ({"CONSOLE_URL": "https://ops.example.org/night/"}, "https://ops.example.org/night"),
    ],
    ids=["local", "a host each", "named"],
)
def test_where_the_console_is_follows_from_where_the_functions_are(given: dict[str, str], console: str) -> None:
    assert load(given).console == console
