"""Send e-mail: over SMTP, or to the console of a demo. What goes wrong is told without an address or a text in it."""

from __future__ import annotations

import email.message
import email.policy
import email.utils
import re
import ssl
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import aiosmtplib

_SECONDS = 20.0
# A header is one line, whatever a name or a title holds.
_NO_LINE = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")
_LONGEST_SUBJECT = 150


class MailFailed(Exception):
    """It was not taken. ``final`` where trying again would not help; ``why`` holds no address."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.why = why
        self.final = final


@dataclass(frozen=True, slots=True)
class Message:
    """One e-mail to one address, as text and as HTML. ``id`` is the same at every try: receivers see repeats by it."""

    to: str
    subject: str
    text: str
    html: str
    id: str
    language: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Mailer(Protocol):
    """Whatever takes a message and sends it on. Raises ``MailFailed``."""

    async def send(self, message: Message) -> None: ...


@dataclass(frozen=True, slots=True)
class SmtpMailer:
    """Hands messages to a mail server, one connection each. ``tls`` is "tls", "starttls" or "none"."""

    host: str
    port: int
    tls: str
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    tls_context: ssl.SSLContext | None = None

    async def send(self, message: Message) -> None:
        try:
            await aiosmtplib.send(
                composed(message, sender=self.sender),
                hostname=self.host,
                port=self.port,
                use_tls=self.tls == "tls",
                # False, not None: with None it would go on in the clear where the server offers no encryption.
                start_tls=self.tls == "starttls",
                username=self.user,
                password=self.password,
                tls_context=self.tls_context,
                timeout=_SECONDS,
                # Else it asks the DNS for this machine's name, which is nobody's business.
                local_hostname=email.utils.parseaddr(self.sender)[1].rpartition("@")[2],
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            code = min(refused.code for refused in error.recipients)
            raise MailFailed(f"the mail server refused the recipient ({code})", final=code >= 500) from None
        except aiosmtplib.SMTPAuthenticationError as error:
            # Our own configuration: it is put right sooner or later.
            raise MailFailed(f"the mail server refused our user ({error.code})", final=False) from None
        except aiosmtplib.SMTPResponseException as error:
            raise MailFailed(f"the mail server answered {error.code}", final=500 <= error.code < 600) from None
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise MailFailed(f"the mail server cannot be used ({type(error).__name__})", final=False) from None


@dataclass(frozen=True, slots=True)
class ConsoleMailer:
    """Shows messages on the console, links and all. For the demo only: settings see to that."""

    show: Callable[[str], object] = field(default=lambda text: print(text, file=sys.stderr, flush=True))

    async def send(self, message: Message) -> None:
        rule = "─" * 72
        self.show(f"{rule}\nE-mail to {message.to}\n{_one_line(message.subject)}\n\n{message.text.strip()}\n{rule}")


def composed(message: Message, *, sender: str) -> email.message.EmailMessage:
    """The message as it goes over the wire."""
    # Built for the address as it is: SMTPUTF8 only where an address needs it.
    made = email.message.EmailMessage(policy=email.policy.SMTP)
    made["From"] = sender
    made["To"] = message.to
    made["Subject"] = _one_line(message.subject)
    made["Date"] = email.utils.localtime()
    made["Message-ID"] = message.id
    made["Content-Language"] = message.language
    # RFC 3834: nobody's holiday reply comes back to us.
    made["Auto-Submitted"] = "auto-generated"
    for name, value in message.headers.items():
        made[name] = value
    made.set_content(message.text)
    made.add_alternative(message.html, subtype="html")
    return made


def _one_line(text: str) -> str:
    line = " ".join(_NO_LINE.sub(" ", text).split())
    return line if len(line) <= _LONGEST_SUBJECT else f"{line[: _LONGEST_SUBJECT - 1].rstrip()}…"
