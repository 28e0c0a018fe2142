"""Send the mails that wait in the outbox. The text is made here, with a fresh token, so that no link is stored.

A mail is sent after its row has committed, and marked as sent afterwards. A process that dies in between sends it once
more, with the same Message-ID.
"""

from __future__ import annotations

import logging
from uuid import UUID

from badgeissuer.jobs import letters
from badgeissuer.jobs.leasing import Lease
from badgeissuer.net.mail import MailFailed, Message
from badgeissuer.rules.terms import MailKind, MailState
from badgeissuer.runtime import Runtime
from badgeissuer.services import mailing, notifying, signing_in
from badgeissuer.services.access import operator
from badgeissuer.store.earners import Mail
from badgeissuer.work import Work

log = logging.getLogger("badgeissuer.jobs")


async def send(runtime: Runtime, lease: Lease) -> None:
    """Send one mail; try again later where the mail server cannot take it now; give up after a while."""
    mail_id = UUID(lease.payload["mail"])
    async with runtime.begin(operator()) as work:
        mail = await mailing.waiting(work, mail_id=mail_id)
        message = await _written(work, mail) if mail is not None else None
    mailer = runtime.mailer
    if mail is None:
        await lease.finish(runtime, keep=False)
        return
    if message is None or mailer is None:
        await _finish(runtime, lease, mail_id, MailState.DROPPED)
        return
    try:
        await mailer.send(message)
    except MailFailed as failure:
        await _failed(runtime, lease, mail_id, failure)
    else:
        await _finish(runtime, lease, mail_id, MailState.SENT)


async def _written(work: Work, mail: Mail) -> Message | None:
    """The mail's text; None where nobody is to get it: a stranger's address, an award that does not stand."""
    if mail.address is None or work.now >= mail.created_at + mailing.TRIED_FOR[mail.kind]:
        return None
    about = {"to": mail.address, "language": mail.language, "base_url": work.base_url}
    match mail.kind:
        case MailKind.SIGN_IN:
            token = await signing_in.make_link(work, mail_id=mail.id, address=mail.address, language=mail.language)
            return letters.sign_in(**about, mail_id=mail.id, token=token) if token is not None else None
        case MailKind.AWARD_NOTICE:
            assert mail.award_id is not None
            notice = await notifying.write_notice(work, award_id=mail.award_id)
            return letters.award_notice(**about, mail_id=mail.id, notice=notice) if notice is not None else None


async def _finish(runtime: Runtime, lease: Lease, mail_id: UUID, state: MailState) -> None:
    async with runtime.begin(operator()) as work:
        await mailing.finish(work, mail_id=mail_id, state=state)
    await lease.finish(runtime, keep=False)


async def _failed(runtime: Runtime, lease: Lease, mail_id: UUID, failure: MailFailed) -> None:
    async with runtime.begin(operator()) as work:
        again = None if failure.final else await mailing.failed(work, mail_id=mail_id, error=failure.why)
        if again is None:
            await mailing.finish(work, mail_id=mail_id, state=MailState.DEAD, error=failure.why)
    if again is None:
        log.warning("an e-mail was given up: %s (mail %s)", failure.why, mail_id)
        await lease.fail(runtime, error=failure.why, final=True)
    else:
        await lease.postpone(runtime, until=again, error=failure.why)
