"""A post office in memory, a service that sends its mail there, and what an earner finds in a letter."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import httpx2

from badgeissuer.jobs.worker import KINDS, Worker
from badgeissuer.net.mail import MailFailed, Message
from badgeissuer.web.app import create_app
from tests.support.app import BASE_URL, Clock, MakeRuntime, Service

SMTP: dict[str, Any] = {
    "mail_backend": "smtp",
    "mail_host": "127.0.0.1",
    "mail_tls": "none",
    "mail_from": "Badges <badges@issuer.example>",
}


@dataclass
class Mailbox:
    """Takes every letter, after it has refused as often as ``refusals`` says."""

    letters: list[Message] = field(default_factory=list)
    refusals: list[MailFailed] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        if self.refusals:
            raise self.refusals.pop(0)
        self.letters.append(message)

    def take(self) -> list[Message]:
        taken, self.letters = self.letters, []
        return taken


@dataclass
class Posted(Service):
    """A service with a mailbox."""

    mailbox: Mailbox = field(default_factory=Mailbox)

    async def deliver(self) -> list[Message]:
        """Let the jobs run that wait; the letters that came."""
        worker = Worker(self.runtime, KINDS)
        while await worker.run_one():
            pass
        return self.mailbox.take()

    def browser(self) -> httpx2.AsyncClient:
        """Somebody's browser: with cookies of its own."""
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        return httpx2.AsyncClient(transport=transport, base_url=BASE_URL)


async def posted_service(make_runtime: MakeRuntime, **settings: Any) -> Posted:
    clock = Clock()
    runtime = await make_runtime(clock=clock, **{**SMTP, **settings})
    mailbox = Mailbox()
    runtime.mailer = mailbox
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    http = httpx2.AsyncClient(transport=transport, base_url=BASE_URL)
    return Posted(runtime=runtime, clock=clock, app=app, http=http, mailbox=mailbox)


def link_in(message: Message) -> str:
    """The first address of the service in a letter."""
    found = re.search(rf"{re.escape(BASE_URL)}/me/\S+", message.text)
    assert found, message.text
    return found[0]


def token_in(message: Message) -> str:
    return link_in(message).rpartition("t=")[2]
