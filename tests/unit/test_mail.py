"""Mail over SMTP, to a real server on this machine: what arrives, what is refused, and what nobody may slip in."""

from __future__ import annotations

import asyncio
import email
import email.policy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult

from badgeissuer.errors import Misconfigured
from badgeissuer.net.mail import ConsoleMailer, MailFailed, Message, SmtpMailer, composed
from badgeissuer.runtime import _mailer
from badgeissuer.settings import Settings
from tests.support.outside import make_authority

SENDER = "Badges <badges@issuer.example>"


def _message(**members: Any) -> Message:
    return Message(
        **{
            "to": "teacher@schools.example.org",
            "subject": "José, a badge ®",
            "text": "Grüße\nhttps://issuer.example/me\n",
            "html": "<p>Grüße</p>",
            "id": "<1@issuer.example>",
            "language": "en",
            "headers": {"List-Unsubscribe": "<https://issuer.example/me/stop>"},
            **members,
        }
    )


@dataclass
class Office:
    """Takes letters, or answers as it is told to."""

    letters: list[EmailMessage] = field(default_factory=list)
    recipients: list[list[str]] = field(default_factory=list)
    rcpt: str | None = None
    data: str = "250 taken"

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.rcpt is not None:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        letter = email.message_from_bytes(envelope.content.replace(b"\r\n", b"\n"), policy=email.policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients.append(list(envelope.rcpt_tos))
        return self.data


@asynccontextmanager
async def _served(office: Office, **options: Any) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(office, loop=loop, hostname="localhost", **options), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


@pytest.fixture
def office() -> Office:
    return Office()


def _smtp(port: int, **members: Any) -> SmtpMailer:
    return SmtpMailer(**{"host": "127.0.0.1", "port": port, "tls": "none", "sender": SENDER, **members})


async def test_a_letter_arrives_whole(office: Office) -> None:
    async with _served(office) as port:
        await _smtp(port).send(_message())
    (letter,) = office.letters
    assert office.recipients == [["teacher@schools.example.org"]]
    headers = {name: letter[name] for name in ("From", "To", "Subject", "Message-ID", "Auto-Submitted")}
    assert headers == {
        "From": SENDER,
        "To": "teacher@schools.example.org",
        "Subject": "José, a badge ®",
        "Message-ID": "<1@issuer.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert letter["List-Unsubscribe"] == "<https://issuer.example/me/stop>"
    text, html = letter.iter_parts()
    assert (text.get_content(), html.get_content()) == ("Grüße\nhttps://issuer.example/me\n", "<p>Grüße</p>\n")


@pytest.mark.parametrize("line", ["\r\nBcc: x@evil.example", "\nBcc: x@evil.example", "\rX", "\x00", "\u2028Bcc: x"])
async def test_a_subject_is_one_line_whatever_it_holds(office: Office, line: str) -> None:
    async with _served(office) as port:
        await _smtp(port).send(_message(subject=f"A badge{line}" + "y" * 300))
    (letter,) = office.letters
    assert letter["Bcc"] is None
    assert len(str(letter["Subject"])) == 150
    assert office.recipients == [["teacher@schools.example.org"]]


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: c@evil.example", "a@b.example\nTo: c@evil.example"])
async def test_an_address_with_a_line_end_is_not_sent_to(office: Office, to: str) -> None:
    async with _served(office) as port:
        with pytest.raises(MailFailed) as failed:
            await _smtp(port).send(_message(to=to))
    assert "evil" not in failed.value.why
    assert office.letters == []


@pytest.mark.parametrize(
    ("answers", "final", "why"),
    [
        ({"rcpt": "550 nobody of that name"}, True, "the mail server refused the recipient (550)"),
        ({"rcpt": "450 later"}, False, "the mail server refused the recipient (450)"),
        ({"data": "451 later"}, False, "the mail server answered 451"),
        ({"data": "554 no"}, True, "the mail server answered 554"),
        ({"data": "421 closing"}, False, "the mail server answered 421"),
    ],
)
async def test_refusals_are_for_now_or_for_good_and_told_without_addresses(
    answers: dict[str, str], final: bool, why: str
) -> None:
    office = Office(**answers)
    async with _served(office) as port:
        with pytest.raises(MailFailed) as failed:
            await _smtp(port).send(_message())
    assert (failed.value.final, failed.value.why) == (final, why)


async def test_a_server_that_is_away_is_tried_again(office: Office) -> None:
    async with _served(office) as port:
        pass
    with pytest.raises(MailFailed) as failed:
        await _smtp(port).send(_message())
    assert not failed.value.final
    assert failed.value.why.startswith("the mail server cannot be used (")


async def test_it_goes_encrypted_or_not_at_all(office: Office, tmp_path: Path) -> None:
    make_tls = make_authority(tmp_path)
    server, trusting = make_tls("localhost"), make_tls("localhost", client=True)
    async with _served(office, tls_context=server, require_starttls=True) as port:
        await _smtp(port, host="localhost", tls="starttls", tls_context=trusting).send(_message())
        assert len(office.letters) == 1
        with pytest.raises(MailFailed):  # a certificate that nobody vouches for
            await _smtp(port, host="localhost", tls="starttls").send(_message())
    async with _served(office) as port:
        with pytest.raises(MailFailed):  # offers no encryption: it is not sent in the clear
            await _smtp(port, tls="starttls").send(_message())
    assert len(office.letters) == 1


async def test_who_has_a_password_gives_it(office: Office, tmp_path: Path) -> None:
    make_tls = make_authority(tmp_path)
    server = make_tls("localhost")
    ours = {"host": "localhost", "tls": "starttls", "tls_context": make_tls("localhost", client=True), "user": "badges"}
    given: list[bytes] = []

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        given.append(data.password)
        return AuthResult(success=data.password == b"secret", handled=False)

    async with _served(
        office, tls_context=server, require_starttls=True, authenticator=authenticate, auth_required=True
    ) as port:
        await _smtp(port, password="secret", **ours).send(_message())
        with pytest.raises(MailFailed) as failed:
            await _smtp(port, password="wrong", **ours).send(_message())
    assert set(given) == {b"secret", b"wrong"}  # by each mechanism that the server has
    assert "secret" not in repr(_smtp(1, password="secret"))
    assert (failed.value.final, failed.value.why) == (False, "the mail server refused our user (535)")


async def test_the_demo_shows_letters_on_the_console() -> None:
    shown: list[str] = []
    await ConsoleMailer(shown.append).send(_message())
    assert "E-mail to teacher@schools.example.org\nJosé, a badge ®" in shown[0]
    assert "https://issuer.example/me" in shown[0]


def test_an_address_beyond_ascii_is_written_as_it_is() -> None:
    made = composed(_message(to="josé@schools.example.org"), sender=SENDER)
    assert str(made["To"]) == "josé@schools.example.org"


def _settings(tmp_path: Path, **members: Any) -> Settings:
    return Settings.load(data_dir=tmp_path, base_url="https://issuer.example", **members)


WHOLE = {"mail_backend": "smtp", "mail_host": "mail.example.org", "mail_from": SENDER}


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"mail_backend": "console"}, "is for the demo only"),
        ({"mail_backend": "pigeon"}, "BADGEISSUER_MAIL_BACKEND"),
        ({"mail_backend": "smtp", "mail_from": SENDER}, "needs BADGEISSUER_MAIL_HOST"),
        ({"mail_backend": "smtp", "mail_host": "mail.example.org"}, "needs BADGEISSUER_MAIL_FROM"),
        ({**WHOLE, "mail_tls": "none"}, "would send sign-in links in the clear"),
        ({**WHOLE, "mail_from": "nobody"}, "must be one address"),
        ({**WHOLE, "mail_from": "a@b.example\nBcc: c@d.example"}, "must be one address"),
        ({**WHOLE, "mail_password": "x"}, "needs BADGEISSUER_MAIL_USER"),
        ({**WHOLE, "mail_port": 0}, "BADGEISSUER_MAIL_PORT"),
        ({**WHOLE, "mail_language": "fr"}, "BADGEISSUER_MAIL_LANGUAGE"),
    ],
)
def test_wrong_settings_stop_the_start(tmp_path: Path, members: dict[str, Any], says: str) -> None:
    with pytest.raises(Misconfigured, match=says):
        _settings(tmp_path, **members)


def test_how_mail_leaves_follows_the_settings(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("from a file\n")
    found = _mailer(_settings(tmp_path, **WHOLE, mail_user="badges", mail_password_file=secret))
    assert isinstance(found, SmtpMailer)
    assert (found.tls, found.port, found.user, found.password) == ("starttls", 587, "badges", "from a file")
    assert "from a file" not in repr(_settings(tmp_path, **WHOLE, mail_user="badges", mail_password="from a file"))
    assert _mailer(_settings(tmp_path)) is None
    for backend, sends in ((None, True), ("console", True), ("none", False)):
        settings = _settings(tmp_path, demo=True, mail_backend=backend)
        assert settings.sends_mail is sends
        assert isinstance(_mailer(settings), ConsoleMailer) is sends
    secret.write_text(" ")
    with pytest.raises(Misconfigured, match="mail password file"):
        _mailer(_settings(tmp_path, **WHOLE, mail_user="badges", mail_password_file=secret))
    with pytest.raises(Misconfigured, match="cannot be read"):
        _mailer(_settings(tmp_path, **WHOLE, mail_user="badges", mail_password_file=tmp_path / "none"))
