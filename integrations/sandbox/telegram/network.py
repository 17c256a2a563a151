"""The people, the chats and the updates of the emulated Telegram."""

import itertools
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from integrations.sandbox.telegram.bots import Bot, Sent, Update, User
from integrations.sandbox.telegram.courier import Courier, post

TOKEN = "7463218954:AAHk3VxPq9ZcT1mRw5uYb8sLd0eFjGn2oXi"
FIRST_UPDATE_ID = 10_000
QUERY_KEPT_SECONDS = 150
# How often the thread of people's emulator looks for what is due.
LOOKS_EACH_SECONDS = 0.2


def config_of(bot: Bot) -> dict[str, str]:
    """Return what people paste to connect a bot."""
    return {"bot_token": bot.token}


class Network:
    """What happens between people and bots. Ids are the same at each start."""

    def __init__(
        self,
        *,
        is_for_people: bool = False,
        clock: Callable[[], float] = time.time,
        pace: float = 0,
    ) -> None:
        self.is_for_people = is_for_people
        self._clock = clock
        self._pace = pace
        self.lock = threading.RLock()
        self.reset()

    def reset(self) -> None:
        """Begin anew with one bot and one person."""
        with self.lock:
            for bot in getattr(self, "bots", {}).values():
                for update in bot.updates:
                    update.is_over = True
            self.passed = 0.0
            self.courier = Courier(self.now, self._pace)
            self.bots: dict[str, Bot] = {}
            self.users: dict[int, User] = {}
            self.messages: list[Sent] = []
            # Presses of buttons that wait for an answer: when they were made, by their id.
            self.presses: dict[str, float] = {}
            self.answered: list[str] = []
            # Groups that have become supergroups.
            self.moved: dict[int, int] = {}
            # How many of the next calls that send something must wait, and for how many seconds.
            self.flood_times, self.flood_seconds = 0, 0
            self.files: dict[str, bytes] = {}
            self._message_ids = itertools.count(1365)
            self._update_ids = itertools.count(FIRST_UPDATE_ID)
            self._thread: threading.Thread | None = None
            self.bot = self.make_bot(TOKEN, "aurora_workshop_bot", "Aurora Workshop")
            self.ada = self.make_user(1111, "Ada", "ada")

    def now(self) -> float:
        """Return the moment, as a Unix time."""
        return self._clock() + self.passed

    def make_bot(self, token: str, username: str, name: str) -> Bot:
        """Make a bot, as @BotFather would."""
        with self.lock:
            bot = Bot(token, username, name)
            self.bots[token] = bot
            return bot

    def make_user(self, id: int, first_name: str, username: str = "") -> User:
        """Make a person."""
        with self.lock:
            user = User(id, first_name, username)
            self.users[id] = user
            return user

    # --- What people do -----------------------------------------------------------------------

    def write(
        self,
        user_id: int = 1111,
        text: str = "",
        *,
        content: Mapping[str, Any] | None = None,
        reply_to: int | None = None,
        bot: Bot | None = None,
    ) -> Sent:
        """Have a person write to a bot. `content` has the fields besides the text."""
        bot = bot or self.bot
        with self.lock:
            user = self.users[user_id]
            if bot.id in user.blocked:
                # A person who writes to a blocked bot unblocks it first.
                self._change_membership(bot, user, "member")
            user.started.add(bot.id)
            sent = self.keep(
                Sent(
                    id=next(self._message_ids),
                    bot_id=bot.id,
                    chat_id=user.id,
                    at=self.now(),
                    text=text,
                    content=content or {},
                    reply_to=reply_to,
                    is_inbound=True,
                )
            )
            self.queue(bot, "message", self.shown(sent), user.id)
        self.deliver()
        return sent

    def edit(self, message_id: int, text: str, *, user_id: int = 1111) -> None:
        """Have a person change a message."""
        with self.lock:
            sent = self.find(user_id, message_id)
            assert sent is not None
            sent.text, sent.edited_at = text, self.now()
            self.queue(self.bot_of(sent), "edited_message", self.shown(sent), sent.chat_id)
        self.deliver()

    def press(self, message_id: int, data: str, *, user_id: int = 1111) -> str:
        """Have a person press a button below a message of a bot. Return the id of the press."""
        with self.lock:
            sent = self.find(user_id, message_id)
            assert sent is not None
            query_id = f"43825{len(self.presses) + len(self.answered):013d}"
            self.presses[query_id] = self.now()
            content = {
                "id": query_id,
                "from": self.users[user_id].told,
                "message": self.shown(sent),
                "chat_instance": "-3624729",
                "data": data,
            }
            self.queue(self.bot_of(sent), "callback_query", content, sent.chat_id)
        self.deliver()
        return query_id

    def block(self, user_id: int = 1111, *, is_blocked: bool = True) -> None:
        """Have a person block or unblock the bot."""
        with self.lock:
            self._change_membership(
                self.bot, self.users[user_id], "kicked" if is_blocked else "member"
            )
        self.deliver()

    def _change_membership(self, bot: Bot, user: User, status: str) -> None:
        old = "kicked" if bot.id in user.blocked else "member"
        (user.blocked.add if status == "kicked" else user.blocked.discard)(bot.id)
        content = {
            "chat": user.chat,
            "from": user.told,
            "date": int(self.now()),
            "old_chat_member": {"user": bot.told, "status": old, "until_date": 0},
            "new_chat_member": {"user": bot.told, "status": status, "until_date": 0},
        }
        self.queue(bot, "my_chat_member", content, user.id)

    # --- Messages and updates -----------------------------------------------------------------

    def keep(self, sent: Sent) -> Sent:
        """Keep a message."""
        self.messages.append(sent)
        return sent

    def next_message_id(self) -> int:
        """Return an id for a message."""
        return next(self._message_ids)

    def find(self, chat_id: int, message_id: int) -> Sent | None:
        """Return a message of a chat."""
        return next(
            (each for each in self.messages if (each.chat_id, each.id) == (chat_id, message_id)),
            None,
        )

    def bot_of(self, sent: Sent) -> Bot:
        """Return the bot in whose chat a message is."""
        return next(bot for bot in self.bots.values() if bot.id == sent.bot_id)

    def shown(self, sent: Sent, *, with_reply: bool = True) -> dict[str, Any]:
        """Return a message as the API describes it."""
        user = self.users.get(sent.chat_id)
        told: dict[str, Any] = {
            "message_id": sent.id,
            "date": int(sent.at),
            "chat": user.chat if user else {"id": sent.chat_id, "type": "supergroup"},
            **sent.content,
        }
        writer = user.told if sent.is_inbound and user else self.bot_of(sent).told
        told["from"] = writer
        if sent.text:
            told["caption" if sent.content else "text"] = sent.text
        if sent.entities:
            told["entities"] = list(sent.entities)
        elif sent.is_inbound and sent.text.startswith("/"):
            length = len(sent.text.split()[0])
            told["entities"] = [{"type": "bot_command", "offset": 0, "length": length}]
        if sent.reply_markup:
            told["reply_markup"] = sent.reply_markup
        if sent.edited_at is not None:
            told["edit_date"] = int(sent.edited_at)
        answered = self.find(sent.chat_id, sent.reply_to) if sent.reply_to else None
        if answered is not None and with_reply:
            told["reply_to_message"] = self.shown(answered, with_reply=False)
        return told

    def queue(self, bot: Bot, kind: str, content: Mapping[str, Any], chat_id: int) -> None:
        """Keep an update for a bot that wants its kind."""
        update_id = next(self._update_ids)
        if kind in bot.allowed_updates:
            bot.updates.append(Update(update_id, kind, content, chat_id, self.now()))

    def deliver(self) -> None:
        """Deliver what is due: at once in tests, else in a thread until nothing is left."""
        if not self.is_for_people:
            self.courier.deliver(list(self.bots.values()))
            return
        with self.lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._go_on, daemon=True)
                self._thread.start()

    def push(
        self, body: Mapping[str, Any] | bytes, *, secret: str | None = None, bot: Bot | None = None
    ) -> int | None:
        """Post this update once, now; return the status of the answer."""
        return post(bot or self.bot, body, secret=secret)[0]

    def _go_on(self) -> None:
        while True:
            is_waiting = self.courier.deliver(list(self.bots.values()))
            with self.lock:
                has_more = any(
                    bot.url and not update.is_over
                    for bot in self.bots.values()
                    for update in bot.updates
                )
                if not has_more:
                    self._thread = None
                    return
            if is_waiting:
                time.sleep(LOOKS_EACH_SECONDS)
