"""Which webhook URLs we accept, and which address we then call."""

import pytest
from pytest_django import Settings

from integrations.discord.hosts import HostsMisconfigured
from integrations.discord.webhook_url import NotAWebhook, parse_webhook_url

ID = "123456789012345678"
TOKEN = "aB3-_." + "x" * 62
PATH = f"/api/webhooks/{ID}/{TOKEN}"
URL = f"https://discord.com{PATH}"


@pytest.mark.parametrize(
    "url",
    [
        URL,
        f"{URL}/",
        f"https://discordapp.com{PATH}",
        f"https://ptb.discord.com{PATH}",
        f"https://canary.discord.com{PATH}",
        f"https://ptb.discordapp.com{PATH}",
        f"https://canary.discordapp.com{PATH}",
        f"HTTPS://Discord.COM{PATH}",
        f"https://discord.com/api/v10/webhooks/{ID}/{TOKEN}",
        f"https://discord.com/api/v6/webhooks/{ID}/{TOKEN}/",
    ],
)
def test_accepts_discords_forms_and_calls_one_version(url: str) -> None:
    address = parse_webhook_url(url)
    assert address.url == url
    assert (address.webhook_id, address.token, address.thread_id) == (ID, TOKEN, "")
    assert address.endpoint == f"https://discord.com/api/v10/webhooks/{ID}/{TOKEN}"


def test_keeps_a_thread() -> None:
    address = parse_webhook_url(f"{URL}?thread_id=987654321098765432")
    assert address.thread_id == "987654321098765432"
    assert address.endpoint == f"https://discord.com/api/v10/webhooks/{ID}/{TOKEN}"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "must look like"),
        ("hello", "must look like"),
        ("https://discord.com/api/webhooks/...", "must look like"),
        (f"//discord.com{PATH}", "must look like"),
        (f"ftp://discord.com{PATH}", "must look like"),
        (f"javascript://discord.com{PATH}", "must look like"),
        (f"file://{PATH}", "must look like"),
        (f"https://{PATH}", "must look like"),
        (f"http://discord.com{PATH}", "must begin with https://"),
        (f"https://example.test{PATH}", "Its host must be discord.com, "),
        (f"https://discord.com.evil.test{PATH}", "Its host must be"),
        (f"https://evil-discord.com{PATH}", "Its host must be"),
        (f"https://discord.com.{PATH}", "Its host must be"),
        (f"https://discord.co{PATH}", "Its host must be"),
        (f"https://www.discord.com{PATH}", "Its host must be"),
        (f"https://discord.com%2eevil.test{PATH}", "Its host must be"),
        (f"https://discord%2ecom{PATH}", "Its host must be"),
        (f"https://discord.com@evil.test{PATH}", "may not name a user"),
        (f"https://user:pw@discord.com{PATH}", "may not name a user"),
        (f"https://evil.test#@discord.com{PATH}", "Leave out the `#`"),
        (f"https://evil.test#discord.com{PATH}", "Leave out the `#`"),
        (f"https://evil.test?discord.com{PATH}", "Its host must be"),
        (f"https://evil.test\\@discord.com{PATH}", "backslash"),
        (f"https:\\\\discord.com{PATH}", "backslash"),
        (f"https://discord.com:8443{PATH}", "port"),
        (f"https://discord.com:443{PATH}", "port"),
        (f"https://discord.com:{PATH}", "but no port"),
        (f"https://discord.com:99999{PATH}", "cannot be read"),
        (f"https://discord.com:4x3{PATH}", "cannot be read"),
        (f"https://[::1{PATH}", "cannot be read"),
        (f"https://127.0.0.1{PATH}", "Its host must be"),
        (f"https://127.1{PATH}", "Its host must be"),
        (f"https://0x7f000001{PATH}", "Its host must be"),
        (f"https://2130706433{PATH}", "Its host must be"),
        (f"https://[::1]{PATH}", "Its host must be"),
        (f"https://[::ffff:127.0.0.1]{PATH}", "Its host must be"),
        (f"https://localhost{PATH}", "Its host must be"),
        (f"https://169.254.169.254{PATH}", "Its host must be"),
        (f"https://d\u0456scord.com{PATH}", "plain ASCII"),  # a Cyrillic letter
        (f"https://discord。com{PATH}", "plain ASCII"),
        (f"https://ⓓiscord.com{PATH}", "plain ASCII"),
        (f" {URL}", "plain ASCII"),
        (f"{URL}\n", "plain ASCII"),
        (f"https://disc\tord.com{PATH}", "plain ASCII"),
        (f"https://discord.com\r\nHost: evil{PATH}", "plain ASCII"),
        (f"{URL}\x00", "plain ASCII"),
        (f"{URL}\x7f", "plain ASCII"),
        (f"{URL}/slack", "Leave out /slack"),
        (f"{URL}/github/", "Leave out /github"),
        (f"{URL}/messages/1", "must look like"),
        (f"{URL}//", "must look like"),
        (f"{URL}?wait=true", "thread_id="),
        (f"{URL}?", "thread_id="),
        (f"{URL}?thread_id=", "thread_id="),
        (f"{URL}?thread_id=1&wait=false", "thread_id="),
        (f"{URL}?thread_id=1&thread_id=2", "thread_id="),
        (f"{URL}?thread_id=\u0661", "plain ASCII"),
        (f"{URL}#", "Leave out the `#`"),
        (f"https://discord.com/api/../webhooks/{ID}/{TOKEN}", "must look like"),
        (f"https://discord.com/api/webhooks/{ID}/../{TOKEN}", "must look like"),
        (f"https://discord.com/api/webhooks/{ID}/%2e%2e{TOKEN}", "must look like"),
        (f"https://discord.com/api//webhooks/{ID}/{TOKEN}", "must look like"),
        (f"https://discord.com/API/webhooks/{ID}/{TOKEN}", "must look like"),
        (f"https://discord.com/webhooks/{ID}/{TOKEN}", "must look like"),
        (f"https://discord.com/api/webhooks/{ID}", "must look like"),
        (f"https://discord.com/api/webhooks/123/{TOKEN}", "not a webhook's id"),
        (f"https://discord.com/api/webhooks/{ID}{ID}/{TOKEN}", "not a webhook's id"),
        (f"https://discord.com/api/webhooks/{ID}/short", "cut short"),
        (f"{URL}{'x' * 600}", "longer than 512"),
        ("https://" + "a" * 100_000, "longer than 512"),
    ],
)
def test_refuses_every_other_url_and_says_what_is_wrong(url: str, says: str) -> None:
    with pytest.raises(NotAWebhook) as caught:
        parse_webhook_url(url)
    assert says in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "url", "endpoint"),
    [
        ("127.0.0.1:8400", "http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("127.0.0.1:8400", "https://127.0.0.1:8400", "https://127.0.0.1:8400"),
        ("http://127.0.0.1:8400", "http://127.0.0.1:8400", "http://127.0.0.1:8400"),
        ("[::1]:8400", "http://[::1]:8400", "http://[::1]:8400"),
        ("hooks.example.test", "https://hooks.example.test", None),
        ("hooks.example.test", "https://hooks.example.test:443", None),
        ("http://hooks.internal", "http://hooks.internal", None),
        ("http://hooks.internal", "http://hooks.internal:80", None),
        ("hooks.example.test:443", "https://hooks.example.test", None),
    ],
)
def test_a_configured_host_is_called_directly(
    settings: Settings, entry: str, url: str, endpoint: str | None
) -> None:
    settings.DISCORD_WEBHOOK_HOSTS = [entry]
    settings.DISCORD_API_BASE = "https://proxy.example.test/discord"
    address = parse_webhook_url(f"{url}/api/webhooks/1/short")
    assert address.endpoint == f"{endpoint or url}/api/v10/webhooks/1/short"


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1:8400", f"http://127.0.0.1:8401{PATH}"),
        ("127.0.0.1:8400", f"http://127.0.0.1{PATH}"),
        ("127.0.0.1:8400", f"http://127.0.0.2:8400{PATH}"),
        ("127.0.0.1:8400", f"http://127.1:8400{PATH}"),
        ("127.0.0.1:8400", f"http://user@127.0.0.1:8400{PATH}"),
        ("127.0.0.1:8400", "http://127.0.0.1:8400/api/webhooks/1/.."),
        ("127.0.0.1:8400", URL),
        ("hooks.example.test", f"http://hooks.example.test{PATH}"),
        ("hooks.example.test", f"https://hooks.example.test:8443{PATH}"),
        ("https://hooks.example.test:8443", f"http://hooks.example.test:8443{PATH}"),
        ("http://hooks.internal", f"https://hooks.internal{PATH}"),
        ("discord.com", f"https://ptb.discord.com{PATH}"),
    ],
)
def test_no_host_is_allowed_beside_the_configured_ones(
    settings: Settings, entry: str, url: str
) -> None:
    settings.DISCORD_WEBHOOK_HOSTS = [entry]
    with pytest.raises(NotAWebhook):
        parse_webhook_url(url)


def test_discords_own_webhooks_are_called_at_the_configured_base(
    settings: Settings,
) -> None:
    settings.DISCORD_API_BASE = "http://127.0.0.1:8400/api"
    assert parse_webhook_url(URL).endpoint == f"http://127.0.0.1:8400/api/v10/webhooks/{ID}/{TOKEN}"


@pytest.mark.parametrize(
    "entry",
    [
        "http://discord.com",
        "discord.com:443",
        "ftp://x.test",
        "x.test/path",
        "x.test:0",
        "x.test:70000",
        "u@x.test",
        "*",
        "",
    ],
)
def test_refuses_a_malformed_configuration(settings: Settings, entry: str) -> None:
    settings.DISCORD_WEBHOOK_HOSTS = ["discord.com", entry]
    with pytest.raises(HostsMisconfigured):
        parse_webhook_url(URL)


def test_its_repr_shows_no_token() -> None:
    address = parse_webhook_url(URL)
    assert TOKEN not in repr(address)
    assert TOKEN not in f"{address}"
    assert address.masked == f"https://discord.com/api/webhooks/{ID}/…"
