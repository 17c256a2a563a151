"""Sending what somebody has written, with a file or as a template."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.http.response import HttpResponseBase

from accounts.errors import IdempotencyKeyReused
from accounts.services import answer_once, fingerprint_of
from notifications import files, services
from notifications.channels import CHANNELS
from notifications.errors import LineUnusable, SuggestionUsed
from notifications.models.messages import ContentType
from notifications.pages.acting import ConversationAction, drafts_known_in, words_of
from notifications.pages.composing import ANOTHER, details_in, templates_of
from notifications.services import Enclosure, Recipient
from notifications.services.sending import MAX_CONTENT_LENGTH
from orderchainer.core.db.prepared import Row
from orderchainer.core.errors import Conflict, DomainError, Invalid, Stale
from orderchainer.core.ids import uuid_in
from orderchainer.core.limits.rates import UPLOAD, count, user_subject

SENT_ALREADY = (
    "An answer was sent from this page already, with other words. Look at the conversation. Send "
    "again to send this one too."
)


class ReplyForm(forms.Form):
    """An answer: a text, a file with a text below it, or a template with its values."""

    key = forms.CharField(max_length=200)
    content = forms.CharField(required=False, strip=False, max_length=MAX_CONTENT_LENGTH)
    suggestion = forms.UUIDField(required=False)
    file = forms.FileField(required=False, allow_empty_file=True)
    # The choice of a template, or `another` with its name, its language and a parameter a line.
    template = forms.CharField(required=False, max_length=600)
    name = forms.CharField(required=False, max_length=512)
    language = forms.CharField(required=False, max_length=35)
    parameters = forms.CharField(required=False, max_length=MAX_CONTENT_LENGTH)


@dataclass(frozen=True)
class Reply:
    """What is to be sent. `digest` tells one uploaded file from another."""

    content_type: ContentType
    content: str
    details: dict[str, object]
    file: files.KnownFile | None = None
    filename: str = ""
    digest: str = ""


class SendPage(ConversationAction):
    """Sends an answer. A form that is sent twice sends one message."""

    def act(self) -> None:
        """Queue the message, and forget the draft of it."""
        if self.request.FILES:
            # Before anything decodes a picture.
            self.usage = count(UPLOAD, [user_subject(self.person.pk)]) or self.usage
        row, conversation = self.row(), self.conversation()
        form = ReplyForm(self.request.POST, self.request.FILES)
        if not form.is_valid():
            raise Invalid({name: [str(e) for e in each] for name, each in form.errors.items()})
        sent = form.cleaned_data
        if row["channel"] not in CHANNELS:
            raise LineUnusable("This channel is no longer connected.")
        reply = self._reply(row, sent)

        def work() -> str:
            with _stored(reply) as attachment:
                message = services.send_message(
                    project=self.its_project,
                    by=self.person,
                    recipient=Recipient(contact_id=row["contact_uuid"]),
                    channel=row["channel"],
                    line=row["line"],
                    content_type=reply.content_type,
                    content=reply.content,
                    details=reply.details,
                    attachment=attachment,
                    suggestion=sent["suggestion"],
                )
                known = drafts_known_in(self.request.POST)
                services.forget_draft(
                    conversation=conversation,
                    by=self.person,
                    known=None if known is None else [*known, reply.content],
                )
            return str(message.uuid)

        asked = [self.request.path, reply.content, reply.details, reply.filename, reply.digest]
        try:
            answer_once(
                user=self.person, key=sent["key"], fingerprint=fingerprint_of(asked), work=work
            )
        except IdempotencyKeyReused as exc:
            raise Conflict(SENT_ALREADY) from exc

    def refused(self, exc: DomainError) -> HttpResponseBase:
        """Show the page with what was typed. Files have to be chosen again, as browsers forget."""
        posted = self.request.POST
        typed: dict[str, Any] = {name: posted.get(name, "") for name in posted}
        typed["values"] = posted.getlist("value")
        status = 409 if isinstance(exc, Conflict) else 400
        errors = words_of(exc)
        if is_without_suggestion := _is_about_the_suggestion(exc):
            # It was sent elsewhere, or is too old. The text is still worth sending.
            typed["suggestion"] = ""
            errors = [*errors, "Send again to send the text without it."]
        content = self.content(
            self.row(), errors=errors, typed=typed, choice=posted.get("template", "")
        )
        composer = content["composer"]
        text = posted.get("content", "")[:MAX_CONTENT_LENGTH]
        if text.strip() and (is_without_suggestion or composer.state != "open"):
            # Without a field, only the draft has the text.
            self._keep(text.replace("\x00", ""), uuid_in(composer.suggestion))
        return self.show(content, status=status)

    def _keep(self, text: str, suggestion: UUID | None) -> None:
        """Keep a text as the draft, below one that its writer has kept on another page."""
        draft: dict[str, Any] = {
            "conversation": self.conversation(),
            "by": self.person,
            "suggestion": suggestion,
        }
        try:
            services.keep_draft(content=text, known=drafts_known_in(self.request.POST), **draft)
        except Stale:
            services.add_to_draft(text=text, **draft)

    def _reply(self, row: Row, sent: dict[str, Any]) -> Reply:
        """Return what the form asks to send. Raises `Invalid`."""
        if sent["template"]:
            return Reply(ContentType.TEMPLATE, "", self._template(row, sent))
        content = sent["content"].replace("\r\n", "\n").strip()
        upload = sent["file"]
        if upload is None:
            return Reply(ContentType.TEXT, content, {})
        data = upload.read()
        try:
            known = files.examine(data)
        except files.FileRefused as exc:
            raise Invalid({"file": [str(exc)]}) from exc
        is_picture = known.media_type in files.SHOWN
        kind = ContentType.IMAGE if is_picture else ContentType.DOCUMENT
        if kind not in CHANNELS[row["channel"]].content_types:
            kind = ContentType.DOCUMENT
        return Reply(kind, content, {}, known, upload.name, sha256(data).hexdigest())

    def _template(self, row: Row, sent: dict[str, Any]) -> dict[str, object]:
        if sent["template"] == ANOTHER:
            lines = [each.strip() for each in sent["parameters"].splitlines() if each.strip()]
            details: dict[str, object] = {"name": sent["name"], "language": sent["language"]}
            return {**details, "parameters": lines} if lines else details
        known = {each.choice: each for each in templates_of(self.its_project, row, ())}
        if sent["template"] not in known:
            raise Invalid({"template": ["No rule uses this template now. Choose another."]})
        return details_in(known[sent["template"]], values_in(self.request.POST))


def values_in(posted: QueryDict) -> list[str]:
    """Return the values of a template, which are the only fields of a form that repeat.

    Raises `Invalid`.
    """
    field = forms.CharField(required=False, max_length=MAX_CONTENT_LENGTH)
    try:
        return [field.clean(each) for each in posted.getlist("value")]
    except ValidationError as exc:
        raise Invalid({"value": exc.messages}) from exc


def _is_about_the_suggestion(exc: DomainError) -> bool:
    is_unknown = isinstance(exc, Invalid) and "suggestion_id" in exc.errors
    return is_unknown or isinstance(exc, SuggestionUsed)


@contextmanager
def _stored(reply: Reply) -> Iterator[Enclosure | None]:
    """Yield the stored file of a reply. It is deleted again if the message is refused."""
    if reply.file is None:
        yield None
        return
    with files.stored(reply.file) as name:
        yield Enclosure(
            file=name,
            media_type=reply.file.media_type,
            filename=reply.filename,
            size=len(reply.file.content),
        )
