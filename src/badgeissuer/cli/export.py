"""``badgeissuer export``: awards as files, in the forms that wallets, importers and people take."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from badgeissuer.cli import console, session
from badgeissuer.cli.award_states import find_id
from badgeissuer.cli.options import AsJson, DataDir

if TYPE_CHECKING:
    from badgeissuer.services.rendering import Form
    from badgeissuer.settings import Settings


class Wanted(StrEnum):
    JSON = "json"
    JWT = "jwt"
    PNG = "png"
    SVG = "svg"
    PDF = "pdf"
    QR = "qr.svg"
    CARD = "card.png"
    ZIP = "zip"
    OLDER = "ed25519-2020.json"
    ALL = "all"


def export(
    awards: Annotated[
        list[str],
        typer.Argument(metavar="AWARD…", help="Their ids, or the addresses of the awards or of their credentials."),
    ],
    form: Annotated[Wanted, typer.Option("--form", help="Which form; all is the first five.")] = Wanted.ALL,
    output: Annotated[
        Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the files go; made if it is not there.")
    ] = Path(),
    with_name: Annotated[
        bool, typer.Option("--with-name", help="Put the earner's name on the PDF. The credential itself has none.")
    ] = False,
    data_dir: DataDir = None,
    as_json: AsJson = False,
) -> None:
    """Write awards to files: signed JSON, JWT, PNG and SVG that carry the JSON, and a PDF certificate of each.

    The bytes are those of the credentials' public addresses. Files of the same name are overwritten. Where one of the
    awards is not here, nothing is written.
    """
    written = asyncio.run(_export(session.settings_of(data_dir), awards, form, output, with_name=with_name))
    if as_json:
        console.show_json({"files": written})
        return
    for file in written:
        console.say(f"  {file['form']:<4}  {file['path']}  ({file['what']})")


async def _export(
    settings: Settings, awards: list[str], wanted: Wanted, folder: Path, *, with_name: bool
) -> list[dict[str, Any]]:
    from badgeissuer.cli.export_items import write
    from badgeissuer.cli.exporting import SIGNED_AND_DRAWN
    from badgeissuer.services import rendering
    from badgeissuer.services.access import operator
    from badgeissuer.services.rendering import FORMS, Form
    from badgeissuer.services.revoking import find_award

    forms: tuple[Form, ...] = SIGNED_AND_DRAWN if wanted is Wanted.ALL else (Form(wanted.value),)
    # What is not signed yet needs its issuer's key, once.
    async with session.opened(settings, keys=not {Form.JWT, Form.OLDER}.isdisjoint(forms)) as runtime:
        async with runtime.begin(operator()) as work:
            award_ids = list(dict.fromkeys([await find_id(work, award) for award in awards]))
            for award_id in award_ids:
                await find_award(work, award_id=award_id)
        written = []
        for award_id in award_ids:
            async with runtime.begin(operator()) as work:
                matter = await rendering.matter_of(work, award_id=award_id, forms=forms)
            named = matter
            if with_name and Form.PDF in forms:
                async with runtime.begin(operator()) as work:
                    named = await rendering.named_matter(work, award_id=award_id)
            for form in forms:
                made = await rendering.export(runtime.studio, named if form is Form.PDF else matter, form)
                path = folder / made.file_name
                await asyncio.to_thread(write, path, made.content)
                about = FORMS[form]
                written.append(
                    {
                        "form": form.value,
                        "path": str(path),
                        "media_type": about.media_type,
                        "sha256": made.sha256,
                        "what": about.what,
                    }
                )
    return written
