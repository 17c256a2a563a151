"""The methods of the emulated Bot API. Parameters that a method does not have are errors here.

Source of the rules: core.telegram.org/bots/api, and the descriptions of errors in Telegram's
open-source Bot API server.
"""

import json
import re
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

from PIL import Image, UnidentifiedImageError

from integrations.sandbox.telegram.bots import DEFAULT_UPDATES, Bot, Refused, Sent
from integrations.sandbox.telegram.markup import MAX_CAPTION, MAX_TEXT, read_text
from integrations.sandbox.telegram.network import QUERY_KEPT_SECONDS, Network
from integrations.sandbox.wire import Request

Parameters = Mapping[str, Any]
Method = Callable[[Network, Bot, Parameters], Any]

PORTS = {None, 443, 80, 88, 8443}
MAX_DATA_BYTES = 64
MAX_UPLOAD_BYTES = 50 * 1024 * 1024
MAX_PICTURE_BYTES = 10 * 1024 * 1024
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_COMMON = {"chat_id", "reply_markup", "reply_parameters", "disable_notification", "parse_mode"}


def call(network: Network, bot: Bot, method: str, request: Request) -> Any:
    """Return the result of a call. Raises `Refused`."""
    found = METHODS.get(method.lower())
    if found is None:
        raise Refused(404, "Not Found: method not found")
    work, known = found
    parameters = _parameters(request)
    if unknown := set(parameters) - known:
        raise Refused(400, f"Bad Request: unknown parameter {min(unknown)}")
    return work(network, bot, parameters)


# --- The bot and its webhook ------------------------------------------------------------------


def _get_me(network: Network, bot: Bot, parameters: Parameters) -> Any:
    return bot.told


def _set_webhook(network: Network, bot: Bot, parameters: Parameters) -> Any:
    url = str(parameters.get("url", ""))
    parts = urlsplit(url)
    is_here = parts.hostname in {"127.0.0.1", "localhost", "testserver"}
    if url and parts.scheme != "https" and not is_here:
        raise Refused(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if url and parts.port not in PORTS and not is_here:
        words = "Webhook can be set up only on ports 80, 88, 443 or 8443"
        raise Refused(400, f"Bad Request: bad webhook: {words}")
    secret = str(parameters.get("secret_token", ""))
    if secret and not _SECRET.fullmatch(secret):
        raise Refused(400, "Bad Request: secret token contains unallowed characters")
    # Without this parameter, the kinds stay as they are. An empty list means the usual kinds.
    if "allowed_updates" in parameters:
        allowed = parameters["allowed_updates"]
        if not isinstance(allowed, list):
            raise Refused(400, "Bad Request: can't parse allowed updates")
        bot.allowed_updates = frozenset(map(str, allowed)) or DEFAULT_UPDATES
    bot.url, bot.secret_token = url, secret
    bot.max_connections = int(parameters.get("max_connections", 40))
    if parameters.get("drop_pending_updates") is True:
        _forget(bot)
    if network.is_for_people:
        network.deliver()
    return True


def _delete_webhook(network: Network, bot: Bot, parameters: Parameters) -> Any:
    bot.url = bot.secret_token = ""
    if parameters.get("drop_pending_updates") is True:
        _forget(bot)
    return True


def _webhook_info(network: Network, bot: Bot, parameters: Parameters) -> Any:
    told: dict[str, Any] = {
        "url": bot.url,
        "has_custom_certificate": False,
        "pending_update_count": sum(not update.is_over for update in bot.updates),
    }
    if bot.url:
        told["max_connections"] = bot.max_connections
        told["allowed_updates"] = sorted(bot.allowed_updates)
    if bot.last_error_date:
        told["last_error_date"] = bot.last_error_date
        told["last_error_message"] = bot.last_error_message
    return told


def _get_updates(network: Network, bot: Bot, parameters: Parameters) -> Any:
    if bot.url:
        words = "can't use getUpdates method while webhook is active"
        raise Refused(409, f"Conflict: {words}; use deleteWebhook to delete the webhook first")
    return [update.body for update in bot.updates if not update.is_over]


def _forget(bot: Bot) -> None:
    for update in bot.updates:
        update.is_over = True


# --- Messages ---------------------------------------------------------------------------------


def _send_message(network: Network, bot: Bot, parameters: Parameters) -> Any:
    chat_id = _open_chat(network, bot, parameters)
    text, entities = read_text(
        parameters.get("text", ""), parameters.get("parse_mode"), most=MAX_TEXT
    )
    if not text:
        raise Refused(400, "Bad Request: message text is empty")
    return _keep(network, bot, chat_id, parameters, text=text, entities=entities)


def _send_file(field: str) -> Method:
    def send(network: Network, bot: Bot, parameters: Parameters) -> Any:
        chat_id = _open_chat(network, bot, parameters)
        given = parameters.get(field)
        if isinstance(given, bytes) and given:
            if len(given) > MAX_UPLOAD_BYTES:
                raise Refused(413, "Request Entity Too Large")
            if field == "photo":
                _check_picture(given)
        elif not (isinstance(given, str) and given.startswith(("https://", "http://"))):
            raise Refused(400, f"Bad Request: there is no {field} in the request")
        caption, entities = read_text(
            parameters.get("caption", ""), parameters.get("parse_mode"), most=MAX_CAPTION
        )
        file_id = f"file-{len(network.files) + 1}"
        network.files[file_id] = given if isinstance(given, bytes) else b""
        told = {"file_id": file_id, "file_unique_id": file_id}
        shown: Any = [told] if field == "photo" else told
        return _keep(
            network,
            bot,
            chat_id,
            parameters,
            text=caption,
            entities=entities,
            content={field: shown},
        )

    return send


def _check_picture(content: bytes) -> None:
    if len(content) > MAX_PICTURE_BYTES:
        raise Refused(400, "Bad Request: file is too big")
    try:
        with Image.open(BytesIO(content)) as picture:
            width, height = picture.size
    except UnidentifiedImageError as exc:
        raise Refused(400, "Bad Request: IMAGE_PROCESS_FAILED") from exc
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise Refused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")


def _edit_text(network: Network, bot: Bot, parameters: Parameters) -> Any:
    chat_id = _open_chat(network, bot, parameters)
    sent = network.find(chat_id, _integer(parameters, "message_id"))
    if sent is None or sent.is_inbound or sent.bot_id != bot.id:
        raise Refused(400, "Bad Request: message to edit not found")
    text, entities = read_text(
        parameters.get("text", ""), parameters.get("parse_mode"), most=MAX_TEXT
    )
    if not text:
        raise Refused(400, "Bad Request: message text is empty")
    if text == sent.text and parameters.get("reply_markup") == sent.reply_markup:
        words = "specified new message content and reply markup are exactly the same"
        raise Refused(400, f"Bad Request: message is not modified: {words}")
    sent.text, sent.entities, sent.edited_at = text, entities, network.now()
    sent.reply_markup = _keyboard(parameters)
    return network.shown(sent)


def _answer_callback(network: Network, bot: Bot, parameters: Parameters) -> Any:
    query_id = str(parameters.get("callback_query_id", ""))
    pressed_at = network.presses.pop(query_id, None)
    if pressed_at is None or network.now() - pressed_at > QUERY_KEPT_SECONDS:
        words = "query is too old and response timeout expired or query ID is invalid"
        raise Refused(400, f"Bad Request: {words}")
    if len(str(parameters.get("text", ""))) > 200:
        raise Refused(400, "Bad Request: MESSAGE_TOO_LONG")
    network.answered.append(query_id)
    return True


def _chat_action(network: Network, bot: Bot, parameters: Parameters) -> Any:
    _open_chat(network, bot, parameters)
    return True


def _get_file(network: Network, bot: Bot, parameters: Parameters) -> Any:
    file_id = str(parameters.get("file_id", ""))
    if file_id not in network.files:
        raise Refused(400, "Bad Request: invalid file_id")
    size = len(network.files[file_id])
    if size > 20 * 1024 * 1024:
        raise Refused(400, "Bad Request: file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": file_id,
        "file_size": size,
        "file_path": f"files/{file_id}",
    }


def _open_chat(network: Network, bot: Bot, parameters: Parameters) -> int:
    """Return the id of the chat if the bot may write there. Raises `Refused`."""
    chat_id = _integer(parameters, "chat_id")
    if network.flood_times > 0:
        network.flood_times -= 1
        seconds = network.flood_seconds
        words = f"Too Many Requests: retry after {seconds}"
        raise Refused(429, words, retry_after=seconds)
    if chat_id in network.moved:
        words = "group chat was upgraded to a supergroup chat"
        raise Refused(400, f"Bad Request: {words}", migrate_to_chat_id=network.moved[chat_id])
    if chat_id in network.moved.values():
        return chat_id
    user = network.users.get(chat_id)
    if user is None:
        raise Refused(400, "Bad Request: chat not found")
    if user.is_deactivated:
        raise Refused(403, "Forbidden: user is deactivated")
    if bot.id in user.blocked:
        raise Refused(403, "Forbidden: bot was blocked by the user")
    if bot.id not in user.started:
        raise Refused(403, "Forbidden: bot can't initiate conversation with a user")
    return chat_id


def _keep(
    network: Network, bot: Bot, chat_id: int, parameters: Parameters, **more: Any
) -> dict[str, Any]:
    reply = parameters.get("reply_parameters")
    reply_to = None
    if reply is not None:
        if not isinstance(reply, dict):
            raise Refused(400, "Bad Request: can't parse reply parameters")
        reply_to = _integer(reply, "message_id")
        if network.find(chat_id, reply_to) is None:
            if reply.get("allow_sending_without_reply") is not True:
                raise Refused(400, "Bad Request: message to be replied not found")
            reply_to = None
    sent = Sent(
        id=network.next_message_id(),
        bot_id=bot.id,
        chat_id=chat_id,
        at=network.now(),
        reply_markup=_keyboard(parameters),
        reply_to=reply_to,
        **more,
    )
    return network.shown(network.keep(sent))


def _keyboard(parameters: Parameters) -> Mapping[str, Any] | None:
    markup = parameters.get("reply_markup")
    if markup is None:
        return None
    rows = markup.get("inline_keyboard") if isinstance(markup, dict) else None
    if not isinstance(rows, list):
        raise Refused(400, "Bad Request: object expected as reply markup")
    for button in [button for row in rows for button in row]:
        data = button.get("callback_data")
        if not button.get("text") or (data is None) == (button.get("url") is None):
            raise Refused(400, "Bad Request: can't parse inline keyboard button")
        if data is not None and not 1 <= len(str(data).encode()) <= MAX_DATA_BYTES:
            raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")
    return dict(markup)


# --- Parameters -------------------------------------------------------------------------------


def _integer(parameters: Parameters, name: str) -> int:
    value = parameters.get(name)
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,16}", value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refused(400, f"Bad Request: {name} is empty")
    return value


def _parameters(request: Request) -> dict[str, Any]:
    """Return the parameters of a call, from the query or from the body. Raises `Refused`."""
    parameters: dict[str, Any] = {name: values[-1] for name, values in request.query.items()}
    content_type = request.headers.get("content-type", "").partition(";")[0]
    if not request.body:
        return parameters
    if content_type == "application/json":
        try:
            told = request.json()
        except ValueError as exc:
            raise Refused(400, "Bad Request: can't parse JSON object") from exc
        if not isinstance(told, dict):
            raise Refused(400, "Bad Request: object expected")
        return {**parameters, **told}
    if content_type == "application/x-www-form-urlencoded":
        fields = parse_qs(request.body.decode(), keep_blank_values=True)
        told = {name: values[-1] for name, values in fields.items()}
    elif content_type == "multipart/form-data":
        told = _form(request)
    else:
        raise Refused(400, "Bad Request: unsupported content type")
    return {**parameters, **{name: _from_text(value) for name, value in told.items()}}


def _form(request: Request) -> dict[str, Any]:
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + request.body)
    fields: dict[str, Any] = {}
    for each in message.iter_parts():
        name = str(each.get_param("name", header="content-disposition"))
        content = each.get_payload(decode=True)
        data = content if isinstance(content, bytes) else b""
        fields[name] = data if each.get_filename() else data.decode()
    return fields


def _from_text(value: Any) -> Any:
    """Read what a form can only write as a text: objects and lists."""
    if isinstance(value, str) and value[:1] in {"{", "["}:
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


_WEBHOOK = {
    "url",
    "secret_token",
    "allowed_updates",
    "max_connections",
    "drop_pending_updates",
    "ip_address",
}
METHODS: Mapping[str, tuple[Method, set[str]]] = {
    "getme": (_get_me, set()),
    "setwebhook": (_set_webhook, _WEBHOOK),
    "deletewebhook": (_delete_webhook, {"drop_pending_updates"}),
    "getwebhookinfo": (_webhook_info, set()),
    "getupdates": (_get_updates, {"offset", "limit", "timeout", "allowed_updates"}),
    "sendmessage": (_send_message, {*_COMMON, "text", "link_preview_options"}),
    "sendphoto": (_send_file("photo"), {*_COMMON, "photo", "caption"}),
    "senddocument": (_send_file("document"), {*_COMMON, "document", "caption"}),
    "editmessagetext": (
        _edit_text,
        {"chat_id", "message_id", "text", "parse_mode", "reply_markup", "link_preview_options"},
    ),
    "answercallbackquery": (
        _answer_callback,
        {"callback_query_id", "text", "show_alert", "url", "cache_time"},
    ),
    "sendchataction": (_chat_action, {"chat_id", "action"}),
    "getfile": (_get_file, {"file_id"}),
}
