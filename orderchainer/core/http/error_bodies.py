"""The form of a refusal on each surface, for the OpenAPI document."""

from functools import cache as once
from typing import Any

from django.utils.module_loading import import_string
from drf_spectacular.utils import extend_schema_field, inline_serializer
from rest_framework import serializers

from orderchainer.core.http.codes import chain_codes, envelope_codes, hub_codes
from orderchainer.core.http.documented import ErrorField, error_fields_of
from orderchainer.core.http.surfaces import (
    CHAIN,
    CHAIN_AND_SHOP,
    CHECKOUT,
    ENVELOPE,
    HUB,
    SHOP,
    UNION,
    Surface,
)

_Field = serializers.Field[Any, Any, Any, Any]
_Fields = dict[str, _Field]

# The bodies that have a key for each wrong field, such as `email`.
NAMES_FIELDS = frozenset({"CheckoutError", "ShopError"})


# Built only when the first view asks for it: the apps have registered their facts by then.
@once
def error_bodies() -> dict[str, serializers.Serializer[Any]]:
    """Return the form of a refusal, by the name of the surface."""
    return {
        CHAIN.name: inline_serializer("ChainError", _chain_fields()),
        UNION.name: inline_serializer(
            "ChainAndEnvelopeError", {**_chain_fields(), **_envelope_fields()}
        ),
        CHAIN_AND_SHOP.name: inline_serializer("ChainAndShopError", _chain_and_shop_fields()),
        CHECKOUT.name: inline_serializer(
            "CheckoutError",
            {
                **_chain_and_shop_fields(),
                "error": serializers.CharField(
                    help_text=(
                        "The refusal in words. Wrong fields of a checkout stand under their own "
                        "names as well."
                    ),
                ),
                **_facts_of(CHECKOUT),
            },
        ),
        ENVELOPE.name: inline_serializer("EnvelopeError", _envelope_fields()),
        HUB.name: inline_serializer(
            "HubError",
            {
                "detail": serializers.CharField(help_text="The refusal in words."),
                "code": serializers.ChoiceField(
                    choices=hub_codes(), help_text="The refusal for programs."
                ),
                "timestamp": serializers.CharField(help_text="UTC, with seconds and `Z`."),
                "errors": _errors_by_field(),
                **_facts_of(HUB),
            },
        ),
        SHOP.name: inline_serializer(
            "ShopError",
            {
                "error": serializers.CharField(
                    required=False,
                    help_text=(
                        "The refusal in words. Wrong fields stand under their own names instead."
                    ),
                ),
                **_facts_of(SHOP),
            },
        ),
    }


def _chain_fields() -> _Fields:
    return {
        "detail": serializers.CharField(help_text="The refusal in words."),
        "code": serializers.ChoiceField(
            choices=chain_codes(),
            required=False,
            help_text="The refusal for programs, where the status is not enough.",
        ),
        "errors": _errors_by_field(),
        **_facts_of(CHAIN),
    }


def _chain_and_shop_fields() -> _Fields:
    return {
        **_chain_fields(),
        "error": serializers.CharField(
            help_text="The refusal in words, as the shop's document has it."
        ),
    }


def _envelope_fields() -> _Fields:
    return {
        "success": serializers.BooleanField(help_text="Always false."),
        "error": serializers.CharField(help_text="The refusal in words."),
        "errorCode": serializers.ChoiceField(
            choices=envelope_codes(), help_text="The refusal for programs."
        ),
        "message": serializers.CharField(
            required=False, help_text="What to do, if the credentials are missing."
        ),
        "timestamp": serializers.CharField(help_text="UTC, with milliseconds and `Z`."),
    }


# The problems of one field.
MESSAGES: dict[str, Any] = {
    "oneOf": [
        {"type": "array", "items": {"type": "string"}},
        {
            "type": "object",
            "additionalProperties": {},
            "description": (
                "For a field that holds an object or a list: the messages about what is in it, by "
                "the name of the inner field or by the position in the list, counted from 0."
            ),
        },
    ]
}


@extend_schema_field({"type": "object", "additionalProperties": MESSAGES})
class _ErrorsByField(serializers.JSONField):
    """Messages by the name of the field that they are about."""


def _errors_by_field() -> serializers.JSONField:
    return _ErrorsByField(required=False, help_text="What is wrong, by the name of the field.")


def _facts_of(surface: Surface) -> _Fields:
    """Return the fields that apps have registered for the refusals of a surface."""
    return {name: _fact(field) for name, field in error_fields_of(surface).items()}


def _fact(field: ErrorField) -> _Field:
    if field.shown_by:
        shown = import_string(field.shown_by)
        several: _Field = shown(many=True, required=False, help_text=field.help_text)
        return several
    if field.holds == "text":
        return serializers.CharField(required=False, help_text=field.help_text)
    if field.holds == "number":
        return serializers.IntegerField(required=False, help_text=field.help_text)
    child: _Field
    if field.among is not None:
        child = serializers.ChoiceField(choices=field.among.choices)
    elif field.holds == "ids":
        child = serializers.IntegerField()
    elif field.holds == "words":
        child = serializers.CharField()
    else:
        child = serializers.JSONField()
    return serializers.ListField(child=child, required=False, help_text=field.help_text)
