"""Host names in the settings."""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Tell whether a host name or an address leads every machine to itself."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith((".localhost", ".localdomain")):
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
