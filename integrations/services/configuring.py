"""Read the configuration of an account as people type it."""

from collections.abc import Mapping
from dataclasses import dataclass

from integrations.contracts import ConfigKey, Connector, Exposure
from integrations.errors import ConfigRefused
from integrations.masking import mask
from integrations.models.integrations import MAX_ACCOUNT_LENGTH
from orderchainer.core.errors import Invalid

MAX_VALUE_LENGTH = 4096
# A message repeats at most this many characters of the name of an unknown key.
MAX_REPEATED = 50

REQUIRED = "This key is required."


@dataclass(frozen=True)
class Configuration:
    """A configuration that has the right form. Only the provider knows whether it works."""

    account: str
    # By key, as people may see it: open values whole, masked ones as their mask.
    shown: Mapping[str, str]
    # The masked and the secret values.
    secrets: Mapping[str, str]


def read_configuration(
    connector: Connector,
    given: Mapping[str, object],
    *,
    kept: Mapping[str, str] | None = None,
    shown: Mapping[str, str] | None = None,
) -> Configuration:
    """Return the configuration in `given`, on top of the values in `kept`.

    A value that equals what people were shown is no change, so they can send back what they read.
    None removes a key that is not required. Raises `ConfigRefused`, which names the keys.
    """
    known = {key.name: key for key in connector.keys}
    values = dict(kept or {})
    errors: dict[str, list[str]] = {}
    unknown: dict[str, list[str]] = {}
    for name, value in given.items():
        key = known.get(name)
        if key is None:
            unknown[name[:MAX_REPEATED]] = [f"There is no such key. The keys are {_list(known)}."]
        elif value is None:
            values.pop(name, None)
        elif shown is None or value != shown.get(name):
            try:
                values[name] = _cleaned(key, value)
            except ValueError as exc:
                errors[name] = [str(exc)]
    # Leave out optional keys without a value, and keys that the provider no longer has.
    values = {name: value for name, value in values.items() if value and name in known}
    for name, key in known.items():
        if key.make is not None and name not in values:
            values[name] = key.make()
        if key.is_required and name not in values and name not in errors:
            errors[name] = [REQUIRED]
    if errors or unknown:
        # There can be many unknown keys, and a refusal names only the first of its messages.
        raise ConfigRefused({**errors, **unknown})
    return _configuration(connector, values)


def _cleaned(key: ConfigKey, value: object) -> str:
    """Return the value as it is stored. Raises ValueError with a sentence for people."""
    if not isinstance(value, str):
        raise ValueError("Must be a text.")
    text = value.strip()
    if len(text) > MAX_VALUE_LENGTH:
        raise ValueError(f"Must have at most {MAX_VALUE_LENGTH} characters.")
    if not text.isprintable():
        raise ValueError("Must be one line of printable characters.")
    if not text:
        if key.is_required:
            raise ValueError("May not be blank.")
        return ""
    return key.clean(text)


def _configuration(connector: Connector, values: Mapping[str, str]) -> Configuration:
    try:
        account = connector.account_of(values)
    except Invalid as exc:
        raise ConfigRefused(exc.errors) from exc
    assert 0 < len(account) <= MAX_ACCOUNT_LENGTH
    shown: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for key in connector.keys:
        if key.name not in values:
            continue
        value = values[key.name]
        if key.exposure is Exposure.OPEN:
            shown[key.name] = value
        else:
            secrets[key.name] = value
        if key.exposure is Exposure.MASKED:
            shown[key.name] = mask(value)
    return Configuration(account, shown, secrets)


def _list(known: Mapping[str, ConfigKey]) -> str:
    return ", ".join(known)
