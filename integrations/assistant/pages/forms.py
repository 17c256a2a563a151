"""The form in which somebody asks the assistant."""

from django import forms

from integrations.assistant.api.hub.serializers import MAX_QUESTION_LENGTH
from orderchainer.core.errors import Conflict
from orderchainer.core.web.forms import IdempotencyKeyField

__all__ = ["MAX_QUESTION_LENGTH", "AskForm", "AskedAlready"]


class AskedAlready(Conflict):
    """A form was sent twice. The first one asks, or has asked."""

    code = "asked_already"
    default_message = (
        "This was asked just now from the same form, so it was not asked twice. Ask again if you "
        "have not seen the answer."
    )


class AskForm(forms.Form):
    """A question. `example` is the one on a button, and leaves alone what was typed.

    `talk` is what was said before. `cancel` only ends the request that is on its way.
    """

    question = forms.CharField(required=False, max_length=MAX_QUESTION_LENGTH)
    example = forms.CharField(required=False, max_length=MAX_QUESTION_LENGTH)
    talk = forms.CharField(required=False)
    cancel = forms.CharField(required=False)
    key = IdempotencyKeyField()
