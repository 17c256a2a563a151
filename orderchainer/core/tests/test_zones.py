"""Time zones by their stored names."""

import pytest

from orderchainer.core.zones import zone_named


@pytest.mark.parametrize("name", ["Mars/Base", "", "/etc/passwd", "../UTC", "Europe", "\0"])
def test_a_zone_that_this_machine_does_not_know_is_utc(name: str) -> None:
    assert zone_named(name).key == "UTC"


def test_a_zone_that_it_knows_is_that_zone() -> None:
    assert zone_named("Europe/Berlin").key == "Europe/Berlin"
