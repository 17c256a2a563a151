"""WhatsApp's Cloud API for one business account, with its rules and its notifications.

OrderChainer reaches it with `WHATSAPP_API_BASE=http://HOST/whatsapp`. Notifications go to the
address that the app has subscribed (`POST /{waba_id}/subscribed_apps`), or that `POST /callback`
of the control plane names. Each is signed and posted once.

The control plane, below `/_control/whatsapp`:

    GET    /                   a telephone for people; see `page.py`
    GET    /numbers            our numbers with their credentials
    POST   /callback           {"url", "number"?}: where notifications go; empty for nowhere
    POST   /customers          {"user_id", "wa_id"?, "name"?, "username"?, "has_whatsapp"?}
    POST   /write              {"user_id", "text"?, "type"?, "content"?, "number"?, "ago"?,
                               "signed"?, "reply_to"?, "times"?}: a person writes; answers the
                               message's id
    POST   /notify             {"values", "field"?, "signed"?}: one notification with these values
    POST   /statuses           {"id", "statuses": [...], "error_code"?}: about a message of ours
    PATCH  /switches           see SWITCHES
    POST   /clock              {"advance": seconds}: let time pass for windows and limits
    GET    /messages           every message so far, oldest first
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from integrations.sandbox.whatsapp import page, webhooks
from integrations.sandbox.whatsapp.network import Network, config_of
from integrations.sandbox.whatsapp.phones import Customer, Number, Sent
from integrations.sandbox.whatsapp.rules import (
    Refused,
    check_file,
    check_message,
    check_uploaded,
    error_body,
)
from integrations.sandbox.wire import Answer, Request, json_answer

PREFIX = "/whatsapp/"
# The names of the approved templates, and how many parameters each body has.
TEMPLATES: Mapping[str, int] = {"hello_world": 0, "order_shipped": 1, "order_ready": 2}
PAIR_SECONDS = 6.0
_PATH = re.compile(
    r"/whatsapp/v\d+\.\d+/(?P<id>[^/]+)(?:/(?P<what>messages|media|subscribed_apps))?"
)
_FILE = re.compile(r"/whatsapp/files/(?P<id>[^/]+)")


class WhatsApp(Network):
    """An emulated Cloud API. Several threads call it at once."""

    name = "whatsapp"
    label = "WhatsApp"

    # --- As the sandbox sees it ---------------------------------------------------------------

    def serves(self, path: str) -> bool:
        """Tell whether `path` is below `/whatsapp/`."""
        return path.startswith(PREFIX)

    def settings(self, host: str) -> Mapping[str, str]:
        """Tell which settings point OrderChainer here."""
        return {"WHATSAPP_API_BASE": f"http://{host}/whatsapp"}

    def introduction(self, host: str) -> Sequence[str]:
        """Tell what to paste to connect the ready-made number."""
        return [
            f"Connect this number: {json.dumps(config_of(self.number))}",
            f"Write as a customer: http://{host}/_control/whatsapp/",
        ]

    def answer(self, request: Request) -> Answer:
        """Do what the Cloud API would do."""
        try:
            if file := _FILE.fullmatch(request.path):
                return self._file(request, file["id"])
            match = _PATH.fullmatch(request.path)
            if match is None:
                raise Refused(100, "Unknown path components", 404)
            return self._called(request, match["id"], match["what"] or "")
        except Refused as exc:
            return json_answer(exc.status, error_body(exc.code, str(exc.details)))

    def _called(self, request: Request, id_: str, what: str) -> Answer:
        number = self._authorized(request)
        match (request.method, what):
            case ("POST", "messages"):
                return self._messages(self._own(number, id_), request)
            case ("POST", "media"):
                return self._upload(self._own(number, id_), request)
            case ("GET", "subscribed_apps"):
                return json_answer(200, {"data": self._subscribed(number)})
            case ("POST", "subscribed_apps"):
                return self._subscribe(number, id_, request)
            case ("GET", "") if id_ in self.numbers:
                return self._about(self._own(number, id_))
            case ("GET", "") if id_ in self.files:
                return self._media(request, id_)
        raise Refused(100, f"Object with ID '{id_}' does not exist", 404)

    def _authorized(self, request: Request) -> Number:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        found = [one for one in self.numbers.values() if one.access_token == token]
        if not found:
            raise Refused(190, "Error validating access token", 401)
        return found[0]

    def _own(self, number: Number, id_: str) -> Number:
        own = self.numbers.get(id_)
        if own is None or own.access_token != number.access_token:
            raise Refused(100, f"Object with ID '{id_}' does not exist", 404)
        return own

    # --- Objects ------------------------------------------------------------------------------

    def _about(self, number: Number) -> Answer:
        return json_answer(
            200,
            {
                "verified_name": number.name,
                "display_phone_number": number.display,
                "quality_rating": "GREEN",
                "id": number.id,
            },
        )

    def _subscribed(self, number: Number) -> list[dict[str, Any]]:
        if not number.callback:
            return []
        return [
            {
                "whatsapp_business_api_data": {"id": "1", "name": "OrderChainer"},
                "override_callback_uri": number.callback,
            }
        ]

    def _subscribe(self, number: Number, waba_id: str, request: Request) -> Answer:
        if waba_id != number.waba_id:
            raise Refused(100, f"Object with ID '{waba_id}' does not exist", 404)
        told = _json_of(request)
        url, token = str(told.get("override_callback_uri", "")), str(told.get("verify_token", ""))
        if not webhooks.verifies(url, token):
            raise Refused(2200, "Callback verification failed")
        with self.lock:
            for each in self.numbers.values():
                if each.waba_id == waba_id:
                    each.callback = url
        return json_answer(200, {"success": True})

    def _media(self, request: Request, id_: str) -> Answer:
        content, media_type = self.files[id_]
        return json_answer(
            200,
            {
                "messaging_product": "whatsapp",
                "url": f"http://{request.headers.get('host', '')}{PREFIX}files/{id_}",
                "mime_type": media_type,
                "sha256": hashlib.sha256(content).hexdigest(),
                "file_size": len(content),
                "id": id_,
            },
        )

    def _file(self, request: Request, id_: str) -> Answer:
        self._authorized(request)
        if id_ not in self.files:
            return Answer(404)
        content, media_type = self.files[id_]
        return Answer(200, content, {"Content-Type": media_type})

    def _upload(self, number: Number, request: Request) -> Answer:
        kind = request.headers.get("content-type", "")
        boundary = kind.partition("boundary=")[2].strip('"')
        if not kind.startswith("multipart/form-data") or not boundary:
            raise Refused(100, "The parameter file is required.")
        parts = request.body.split(b"--" + boundary.encode())
        fields = {}
        for part in parts[1:-1]:
            head, _, content = part.partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]+)"', head)
            media_type = re.search(rb"Content-Type: ([^\r\n]+)", head)
            fields[name[1].decode() if name else ""] = (
                content[:-2],
                media_type[1].decode() if media_type else "",
            )
        if fields.get("messaging_product", (b"", ""))[0] != b"whatsapp" or "file" not in fields:
            raise Refused(100, "The parameters messaging_product and file are required.")
        check_file(*fields["file"])
        return json_answer(200, {"id": self.keep_file(*fields["file"])})

    # --- Sending ------------------------------------------------------------------------------

    def _messages(self, number: Number, request: Request) -> Answer:
        body = _json_of(request)
        if isinstance(body, dict) and body.get("status") == "read":
            return self._read(number, body)
        with self.lock:
            if self.refuse_with:
                raise Refused(
                    self.refuse_with, "As the control plane wants it.", self.refuse_status
                )
            check_message(body, TEMPLATES)
            check_uploaded(body, self.files)
            customer = self._addressed(body)
            self._check_limits(number, customer, body)
            sent = Sent(
                id=self.new_id(),
                number=number,
                customer=customer,
                type=body["type"],
                content={body["type"]: body[body["type"]]},
                at=self.now(),
                opaque=str(body.get("biz_opaque_callback_data", "")),
                reply_to=str((body.get("context") or {}).get("message_id", "")),
            )
            customer.got_at[number.id] = sent.at
            self.messages.append(sent)
            is_late = body["type"] != "template" and not self.is_open(number, customer)
            told = ["failed"] if is_late else list(self.statuses)
            code = 131047 if is_late else 131026
            if not customer.has_whatsapp:
                told = ["failed"]
        if self.statuses_first:
            self.tell(sent, told, error_code=code)
        elif told:
            later = threading.Timer(0.05, self.tell, [sent, told], {"error_code": code})
            later.daemon = True
            later.start()
        contact = {"input": body.get("to") or body.get("recipient"), "user_id": customer.user_id}
        if body.get("to"):
            contact["wa_id"] = customer.wa_id
        return json_answer(
            200,
            {
                "messaging_product": "whatsapp",
                "contacts": [contact],
                "messages": [{"id": sent.id, "message_status": "accepted"}],
            },
        )

    def _addressed(self, body: Mapping[str, Any]) -> Customer:
        if recipient := body.get("recipient"):
            if recipient not in self.customers:
                raise Refused(131026, "Message undeliverable")
            return self.customers[recipient]
        digits = re.sub(r"\D", "", str(body["to"]))
        if not 7 <= len(digits) <= 15:
            raise Refused(131009, "to is no phone number.")
        for customer in self.customers.values():
            if customer.wa_id == digits:
                return customer
        made = Customer(f"US.{digits}", digits)
        self.customers[made.user_id] = made
        return made

    def _check_limits(self, number: Number, customer: Customer, body: Mapping[str, Any]) -> None:
        if (
            self.pair_limit
            and self.now() - customer.got_at.get(number.id, -PAIR_SECONDS) < PAIR_SECONDS
        ):
            raise Refused(131056, "Too many messages to this person.")
        is_free = body["type"] != "template"
        if is_free and self.window == "sync" and not self.is_open(number, customer):
            raise Refused(131047, "More than 24 hours have passed since the customer last replied.")

    def _read(self, number: Number, body: Mapping[str, Any]) -> Answer:
        with self.lock:
            for each in self.messages:
                if each.id == body.get("message_id") and each.is_inbound:
                    each.status = "read"
                    return json_answer(200, {"success": True})
        raise Refused(131009, "message_id is not known.")

    # --- The control plane --------------------------------------------------------------------

    def control(self, method: str, path: str, data: Any) -> Answer | None:
        """Answer the control plane; see the top of this module."""
        parts = path.strip("/").split("/")
        if parts == [""] or parts[0] == "page":
            return page.answer(self, method, parts[1:], data)
        match (method, parts):
            case ("GET", ["numbers"]):
                return json_answer(200, [vars(each) for each in self.numbers.values()])
            case ("GET", ["messages"]):
                return json_answer(200, [_shown(each) for each in self.messages])
            case ("POST", ["callback"]):
                number = self.numbers[data["number"]] if data.get("number") else self.number
                number.callback = str(data["url"])
            case ("POST", ["customers"]):
                self.customers[data["user_id"]] = Customer(**data)
            case ("POST", ["write"]):
                return json_answer(200, {"id": self.write(**data)})
            case ("POST", ["notify"]):
                return json_answer(200, {"status": self.notify(**data)})
            case ("POST", ["statuses"]):
                code = int(data.get("error_code", 131026))
                self.tell(self.sent(data["id"]), data["statuses"], error_code=code)
            case ("PATCH", ["switches"]):
                for name, value in data.items():
                    self.switch(name, value)
            case ("POST", ["clock"]):
                self.passed += float(data["advance"])
            case _:
                return None
        return Answer(204)


def whatsapp_for_people(clock: Callable[[], float] = time.time) -> WhatsApp:
    """Return a WhatsApp with one number and one person, to try the service with."""
    return WhatsApp(is_for_people=True, clock=clock)


def _json_of(request: Request) -> Any:
    try:
        return request.json()
    except ValueError as exc:
        raise Refused(100, "The body is no JSON.") from exc


def _shown(sent: Sent) -> dict[str, Any]:
    return {
        "id": sent.id,
        "number": sent.number.id,
        "user_id": sent.customer.user_id,
        "is_inbound": sent.is_inbound,
        "type": sent.type,
        "content": sent.content,
        "text": sent.text,
        "status": sent.status,
        "error_code": sent.error_code,
        "reply_to": sent.reply_to,
        "opaque": sent.opaque,
    }
