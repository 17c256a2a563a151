"""The files that set up a production name what exists, and open nothing to the network."""

import configparser
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
DEPLOYMENT = ROOT / "docs/deployment"
UNITS = sorted(DEPLOYMENT.glob("*.service"))
QUEUES = {queue.name for queue in settings.CELERY_TASK_QUEUES}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: Mapping[str, dict[str, Any]] = COMPOSE["services"]
# The variables that the image's processes read besides our settings.
OF_OTHERS = {"POSTGRES_USER", "POSTGRES_DB", "POSTGRES_PASSWORD"}


def variables_of_the_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def named(path: Path) -> str:
    return path.name


# --- docker-compose.yml -----------------------------------------------------------------------


def test_compose_opens_its_ports_to_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert len(ports) == 2
    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in ports)
    assert not any("network_mode" in service for service in SERVICES.values())


def test_compose_names_only_variables_that_are_explained() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    interpolated = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    set_here = {name for service in SERVICES.values() for name in service.get("environment", {})}

    assert interpolated - variables_of_the_example() == set()
    assert set_here - variables_of_the_example() - OF_OTHERS == set()


def test_compose_has_no_default_for_a_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    for name in ("SECRET_KEY", "CREDENTIALS_KEYS", "POSTGRES_PASSWORD"):
        uses = re.findall(rf"\$\{{{name}(.*?)\}}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), name


def test_compose_starts_every_process_once_and_watches_each() -> None:
    commands = {name: service.get("command", "") for name, service in SERVICES.items()}
    queues = [
        queue
        for command in commands.values()
        for found in re.findall(r"worker --queues (\S+)", command)
        for queue in found.split(",")
    ]

    assert sorted(queues) == sorted(QUEUES)
    assert sum("beat" in command for command in commands.values()) == 1
    # A migration ends, and compose waits for that.
    assert {name for name, service in SERVICES.items() if "healthcheck" not in service} == {
        "migrate"
    }


def test_compose_keeps_data_in_volumes_and_data_only() -> None:
    kept = {
        volume.partition(":")[2]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
    }

    assert kept == {"/var/lib/postgresql/data", "/app/media", "/app/private"}
    assert set(COMPOSE["volumes"]) == {"postgres", "media", "private"}


# --- The units ---------------------------------------------------------------------------------


class Unit(configparser.ConfigParser):
    """A unit of systemd, in which a key may come several times."""

    def __init__(self, file: Path) -> None:
        super().__init__(interpolation=None, strict=False)
        self.optionxform = str  # type: ignore[assignment, method-assign]
        self.read(file)
        self.environment = re.findall(r"^Environment=(.*)$", file.read_text(), re.MULTILINE)


@pytest.mark.parametrize("file", UNITS, ids=named)
def test_a_unit_sets_only_variables_that_are_explained(file: Path) -> None:
    names = {word.partition("=")[0] for line in Unit(file).environment for word in line.split()} - {
        "PYTHONDONTWRITEBYTECODE"
    }

    assert "ENV_FILE" in names
    assert names - variables_of_the_example() == set()


def test_the_units_are_locked_up_alike() -> None:
    locks = {
        file.name: {
            key: value
            for key, value in Unit(file)["Service"].items()
            if key.startswith(("Protect", "Private", "Restrict", "SystemCall", "State", "Logs"))
            or key in {"User", "NoNewPrivileges", "CapabilityBoundingSet", "UMask"}
        }
        for file in UNITS
    }

    first = locks[UNITS[0].name]
    assert len(UNITS) == 4
    assert first["User"] == "orderchainer"
    assert first["ProtectSystem"] == "strict"
    assert all(each == first for each in locks.values())


def test_the_units_wait_longer_than_the_processes_take_to_end() -> None:
    for file in UNITS:
        service = Unit(file)["Service"]
        # Requests in flight have ten seconds; systemd kills after these.
        assert int(service["TimeoutStopSec"]) >= 20
        assert service["KillMode"] == "mixed"


def test_the_units_open_their_ports_to_this_machine_only() -> None:
    web = Unit(DEPLOYMENT / "orderchainer-web.socket")["Socket"]["ListenStream"]

    assert web == "127.0.0.1:8000"
    assert "WS_PORT=8001" in Unit(DEPLOYMENT / "orderchainer-sockets.service").environment
    assert settings_of_the_file().get("BIND_ADDRESS") is None


def test_gunicorn_runs_alike_in_a_container_and_under_systemd() -> None:
    image = re.search(r"^CMD (\[.*\])", (ROOT / "Dockerfile").read_text(), re.MULTILINE | re.DOTALL)
    assert image
    in_image = re.findall(r'"(.*?)"', image[1])[2:]
    unit = Unit(DEPLOYMENT / "orderchainer-web.service")["Service"]["ExecStart"].split()[2:]

    # Under systemd, a unit of its own has the port.
    assert [word for word in in_image if word not in {"--bind", "0.0.0.0:8000"}] == unit


# --- The settings and the proxy -----------------------------------------------------------------


def settings_of_the_file() -> dict[str, str]:
    text = (DEPLOYMENT / "orderchainer.env").read_text()
    return dict(re.findall(r"^([A-Z_]+)=(.*)$", text, re.MULTILINE))


def test_the_file_of_settings_has_only_variables_that_are_explained() -> None:
    assert settings_of_the_file().keys() - variables_of_the_example() == set()
    assert settings_of_the_file()["SECRET_KEY"] == settings_of_the_file()["CREDENTIALS_KEYS"] == ""


def test_the_readme_lists_every_setting_of_the_file() -> None:
    readme = (ROOT / "README.md").read_text()
    row = re.search(r"^\| settings \|(.*)$", readme, re.MULTILINE)
    assert row
    directories = {"MEDIA_ROOT", "PRIVATE_FILES_ROOT", "LOG_FILE"}

    listed = set(re.findall(r"`([A-Z_]+)(?:=[a-z]+)?`", row[1])) - {"POSTGRES_PASSWORD"}
    assert listed == settings_of_the_file().keys() - directories
    assert all(f"`{name}`" in readme for name in directories)


def test_the_proxy_lets_the_largest_file_of_a_message_through() -> None:
    text = (DEPLOYMENT / "Caddyfile").read_text()
    size = re.search(r"max_size (\d+)MiB", text)
    assert size

    assert int(size[1]) * 2**20 >= settings.MAX_ATTACHMENT_BYTES + 2 * 2**20
    assert int(size[1]) * 2**20 >= settings.MAX_UPLOAD_BYTES


def test_the_page_on_operations_lists_every_queue() -> None:
    page = (ROOT / "docs/operations.md").read_text()
    started = re.search(r"orderchainer-worker@\{(.*?)\}", page)
    assert started

    assert set(started[1].split(",")) == QUEUES
