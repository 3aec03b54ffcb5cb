"""The demo's mail server: takes every e-mail, passes none on, and keeps them to be read."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

KEPT = 500
#: Largest e-mail, in bytes.
_LARGEST = 1_000_000
_ANSWERS = {
    "EHLO": b"250-demo\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n", "HELO": b"250 demo\r\n", "MAIL": b"250 OK\r\n",
    "RCPT": b"250 OK\r\n", "RSET": b"250 OK\r\n", "NOOP": b"250 OK\r\n", "DATA": b"354 Go ahead\r\n",
    "QUIT": b"221 Bye\r\n",
}  # fmt: skip


@dataclass(frozen=True)
class Letter:
    """One e-mail that arrived."""

    number: int
    message: EmailMessage

    def part(self, kind: str) -> str:
        """Its text (`plain`) or its `html`."""
        found = self.message.get_body((kind,))
        return str(found.get_content()) if found else ""


@dataclass
class Outbox:
    """E-mails that the demo sent, the newest first, until the process ends."""

    letters: deque[Letter] = field(default_factory=lambda: deque(maxlen=KEPT))
    count: int = 0

    def take(self, content: bytes) -> None:
        """Keep one e-mail."""
        self.count += 1
        self.letters.appendleft(Letter(self.count, message_from_bytes(content, policy=default)))

    def one(self, number: int) -> Letter | None:
        """The one with this number, while it is kept."""
        return next((each for each in self.letters if each.number == number), None)

    async def serve(self, port: int) -> asyncio.Server:
        """Listen on this machine."""
        return await asyncio.start_server(self._talk, "127.0.0.1", port, limit=_LARGEST)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak SMTP (RFC 5321) with one sender."""
        answer = b"220 demo\r\n"
        while True:
            writer.write(answer)
            await writer.drain()
            command = (await reader.readline())[:4].decode("ascii", "replace").upper()
            answer = _ANSWERS.get(command, b"500 Unknown\r\n")
            if command == "DATA":
                writer.write(answer)
                self.take(_unstuffed(await reader.readuntil(b"\r\n.\r\n")))
                answer = b"250 Taken\r\n"
            if command in ("QUIT", ""):
                break
        writer.write(answer)
        writer.close()


def _unstuffed(content: bytes) -> bytes:
    """The e-mail without its end and the dots that SMTP puts before lines with a dot."""
    lines = content.removesuffix(b".\r\n").split(b"\r\n")
    return b"\r\n".join(line[1:] if line.startswith(b"..") else line for line in lines)
