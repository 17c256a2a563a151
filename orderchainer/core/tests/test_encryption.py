"""Secrets at rest."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from orderchainer.core.encryption import EncryptedTextField, Secret, Undecryptable

OLD, NEW, OTHER = (Fernet.generate_key().decode() for _ in range(3))


def test_reveals_what_was_sealed(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [NEW]
    secret = Secret.of("https://example.test/ünïcode 🔑")
    assert secret.reveal() == "https://example.test/ünïcode 🔑"
    assert "example" not in secret.sealed


def test_the_same_text_is_sealed_differently_each_time(
    settings: Settings,
) -> None:
    settings.CREDENTIALS_KEYS = [NEW]
    assert Secret.of("same").sealed != Secret.of("same").sealed


def test_is_never_shown_by_accident() -> None:
    secret = Secret.of("hunter2")
    shown = [repr(secret), str(secret), f"{secret}", f"{[secret]}", f"{secret!r:>20}"]
    assert not any("hunter2" in text or secret.sealed in text for text in shown)


def test_the_first_key_encrypts_and_every_key_decrypts(
    settings: Settings,
) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    before = Secret.of("kept")
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    after = Secret.of("kept")
    assert before.reveal() == "kept"

    settings.CREDENTIALS_KEYS = [NEW]
    assert after.reveal() == "kept"
    with pytest.raises(Undecryptable, match="CREDENTIALS_KEYS"):
        before.reveal()


def test_after_resealing_the_old_key_is_not_needed(settings: Settings) -> None:
    settings.CREDENTIALS_KEYS = [OLD]
    secret = Secret.of("kept")
    settings.CREDENTIALS_KEYS = [NEW, OLD]
    secret = secret.resealed()
    settings.CREDENTIALS_KEYS = [NEW]
    assert secret.reveal() == "kept"


def test_a_damaged_or_foreign_value_raises_a_clear_error(
    settings: Settings,
) -> None:
    settings.CREDENTIALS_KEYS = [OTHER]
    foreign = Secret.of("foreign")
    settings.CREDENTIALS_KEYS = [NEW]
    for secret in (foreign, Secret("not a token"), Secret("")):
        with pytest.raises(Undecryptable) as caught:
            secret.reveal()
        assert "foreign" not in str(caught.value)
        with pytest.raises(Undecryptable):
            secret.resealed()


def test_the_field_refuses_plain_text() -> None:
    field = EncryptedTextField()
    with pytest.raises(TypeError, match="takes a Secret, not str"):
        field.get_prep_value("bare")
    assert field.get_prep_value(None) is None


def test_the_field_is_in_no_form() -> None:
    assert EncryptedTextField().editable is False
