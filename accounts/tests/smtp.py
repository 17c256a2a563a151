"""A mail server on loopback that takes e-mails, or refuses them as a test tells it to."""

import socketserver
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Event, Thread


class MailServer(socketserver.ThreadingTCPServer):
    """Speaks as much of RFC 5321 as smtplib needs, and keeps the e-mails that it receives."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Conversation)
        self.port: int = self.server_address[1]
        # The number of clients that connected, and the e-mails that it received.
        self.callers = 0
        self.taken: list[EmailMessage] = []
        # The answers to commands, by command, in place of "OK". "{data}" quotes the e-mail.
        self.answers: dict[str, str] = {}
        # While this is cleared, the server does not answer.
        self.talking = Event()
        self.talking.set()


class _Conversation(socketserver.StreamRequestHandler):
    server: MailServer

    def handle(self) -> None:
        # Tests kill clients in the middle of a command.
        with suppress(ConnectionError):
            self._converse()

    def _converse(self) -> None:
        self.server.callers += 1
        self._say("220 mail.test")
        while line := self.rfile.readline(2000):
            command = line[:4].strip().upper().decode()
            if command == "DATA" and "DATA" not in self.server.answers:
                self._take()
            else:
                self._say(self.server.answers.get(command, "250 fine"))
            if command == "QUIT":
                return

    def _take(self) -> None:
        self._say("354 go on")
        lines = []
        while (line := self.rfile.readline()) not in {b".\r\n", b""}:
            # RFC 5321, 4.5.2: the client doubles a full stop at the start of a line.
            lines.append(line.removeprefix(b"."))
        data = b"".join(lines)
        if answer := self.server.answers.get("."):
            message = message_from_bytes(data, policy=policy.default)
            body = message.get_body(("plain",))
            text = " ".join(body.get_content().split()) if body else ""
            self._say(answer.replace("{data}", text))
            return
        self.server.taken.append(message_from_bytes(data, policy=policy.default))
        self._say("250 taken")

    def _say(self, words: str) -> None:
        self.server.talking.wait(30)
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Yield a running mail server."""
    with MailServer() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.talking.set()
            server.shutdown()
            thread.join()
