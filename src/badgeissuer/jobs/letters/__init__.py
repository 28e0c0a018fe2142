"""The e-mails that the service writes, each as text and as HTML, in English and in Spanish."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from badgeissuer.net.mail import Message
from badgeissuer.rules.terms import MailKind
from badgeissuer.services.notifying import Notice

_FOLDER = Path(__file__).parent
_SUBJECTS = {
    (MailKind.SIGN_IN, "en"): "Your link to sign in",
    (MailKind.SIGN_IN, "es"): "Su enlace para entrar",
    (MailKind.AWARD_NOTICE, "en"): "{issuer} has awarded you “{title}”",
    (MailKind.AWARD_NOTICE, "es"): "{issuer} le ha otorgado «{title}»",
}
# Names and titles are other people's words, and mail programs show only the beginning.
_LONGEST = 70

# Text is not escaped, HTML is: by the end of the template's name.
_environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=select_autoescape(enabled_extensions=("html",), default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)


def sign_in(*, to: str, language: str, base_url: str, mail_id: UUID, token: str) -> Message:
    """The link by which somebody signs in, for whoever asked for it."""
    return _letter(
        MailKind.SIGN_IN, to, language, base_url, mail_id, {"link": f"{base_url}/me/sign-in/link?t={token}"}, {}
    )


def award_notice(*, to: str, language: str, base_url: str, mail_id: UUID, notice: Notice) -> Message:
    """What was awarded, with the link that opens it for an answer, and the one that ends such mail."""
    stop = f"{base_url}/me/stop?t={notice.token}"
    told = {
        "title": _short(notice.title),
        "issuer": _short(notice.issuer),
        "link": f"{base_url}/me/claim?t={notice.token}",
        "stop": stop,
        "own_page": f"{base_url}/me",
    }
    # One click in the mail program (RFC 8058) sends a POST to that address.
    ending = {"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return _letter(MailKind.AWARD_NOTICE, to, language, base_url, mail_id, told, ending)


def _letter(
    kind: MailKind,
    to: str,
    language: str,
    base_url: str,
    mail_id: UUID,
    told: Mapping[str, str],
    headers: Mapping[str, str],
) -> Message:
    lang = language if (kind, language) in _SUBJECTS else "en"
    host = urlsplit(base_url).hostname or "localhost"
    context = {**told, "lang": lang, "host": host}
    return Message(
        to=to,
        subject=_SUBJECTS[kind, lang].format(**{"title": "", "issuer": "", **told}),
        text=_environment.get_template(f"{kind.value}.{lang}.txt").render(context),
        html=_environment.get_template(f"{kind.value}.{lang}.html").render(context),
        id=f"<{mail_id}@{host}>",
        language=lang,
        headers=headers,
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1].rstrip()}…"
