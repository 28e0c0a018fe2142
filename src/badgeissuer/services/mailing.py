"""The outbox of e-mail: a row and a job that commit with the change; what became of each."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete

from badgeissuer.rules.terms import MailKind, MailState
from badgeissuer.store.earners import Mail
from badgeissuer.work import Work

# The jobs that send, by what is sent: who waits to sign in does not wait behind ten thousand notices.
SIGN_IN = "mail.sign_in"
AWARD_NOTICE = "mail.award_notice"
_JOBS = {MailKind.SIGN_IN: SIGN_IN, MailKind.AWARD_NOTICE: AWARD_NOTICE}
# The pause after the first failure; it doubles, up to the longest.
_PAUSE = timedelta(seconds=15)
_LONGEST_PAUSE = timedelta(hours=1)
# How long a mail is tried. A link to sign in is asked for again sooner than that.
TRIED_FOR = {MailKind.SIGN_IN: timedelta(minutes=15), MailKind.AWARD_NOTICE: timedelta(days=3)}


def queue(
    work: Work,
    *,
    kind: MailKind,
    address: str,
    language: str,
    award_id: UUID | None = None,
    issuer_id: UUID | None = None,
) -> None:
    """Have a mail sent once this has committed. The job names only the row: no address in it."""
    mail = Mail(
        id=work.new_id(),
        kind=kind,
        state=MailState.WAITING,
        address=address,
        language=language,
        award_id=award_id,
        attempts=0,
        last_error=None,
        created_at=work.now,
        finished_at=None,
    )
    work.session.add(mail)
    work.ask(_JOBS[kind], f"mail:{mail.id}", issuer_id=issuer_id, mail=str(mail.id))


async def waiting(work: Work, *, mail_id: UUID) -> Mail | None:
    """A mail that is still to be sent."""
    mail = await work.session.get(Mail, mail_id)
    return mail if mail is not None and mail.state is MailState.WAITING else None


async def finish(work: Work, *, mail_id: UUID, state: MailState, error: str | None = None) -> None:
    """It was sent, given up, or is not wanted any more: the address goes, and all of it where it was a sign-in."""
    await work.begin_write()
    mail = await work.locked(Mail, mail_id)
    if mail.kind is MailKind.SIGN_IN and state is not MailState.DEAD:
        await work.session.execute(delete(Mail).where(Mail.id == mail_id))
        return
    mail.state, mail.address, mail.finished_at = state, None, work.now
    mail.last_error = error or mail.last_error
    await work.session.flush()


async def failed(work: Work, *, mail_id: UUID, error: str) -> datetime | None:
    """It could not be sent: when to try again, or None where it was tried long enough."""
    await work.begin_write()
    mail = await work.locked(Mail, mail_id)
    pause = min(_PAUSE * 2 ** min(mail.attempts, 10), _LONGEST_PAUSE)
    mail.attempts, mail.last_error = mail.attempts + 1, error
    await work.session.flush()
    # Half of it by chance, so that a thousand mails do not come back at one moment.
    at = work.now + pause * (0.75 + work.rng.random() / 2)
    return at if at < mail.created_at + TRIED_FOR[mail.kind] else None
