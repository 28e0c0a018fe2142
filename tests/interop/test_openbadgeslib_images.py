"""Independent software on our baked images: openbadgeslib 4.6.3 reads ours, and we read its."""

from __future__ import annotations

import io

import png
import pytest
from openbadgeslib import baking
from openbadgeslib.ob3.verifier import OB3Verifier

from badgeissuer.vc.bake import PNG, SVG, bake, media_type, unbake

JSON, JWT = '{"name":"Bär & <Co>","description":"]]>"}', "eyJhbGciOiJFUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJl"


def art(kind: str) -> bytes:
    if kind == SVG:
        return b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>'
    out = io.BytesIO()
    png.Writer(2, 2, greyscale=True).write(out, [[0, 1], [2, 3]])
    return out.getvalue()


@pytest.mark.parametrize("text", [JSON, JWT], ids=["json", "jwt"])
@pytest.mark.parametrize("kind", [PNG, SVG])
def test_it_reads_ours(kind: str, text: str) -> None:
    image = bake(art(kind), text)
    assert media_type(image) == kind
    read = OB3Verifier.extract_token_from_png if kind == PNG else OB3Verifier.extract_token_from_svg
    assert read(image) == text


@pytest.mark.parametrize("text", [JSON, JWT], ids=["json", "jwt"])
@pytest.mark.parametrize("kind", [PNG, SVG])
def test_we_read_its(kind: str, text: str) -> None:
    if kind == PNG:
        image = baking.bake_png(art(kind), text, keyword=baking.ITXT_KEYWORD_OB3)
    else:
        image = baking.bake_svg(
            art(kind), text, element=baking.SVG_ELEMENT_OB3, namespace=baking.SVG_NS_OB3, as_text=text == JSON
        )
    assert unbake(image).text == text
    assert unbake(bake(image, JWT)).text == JWT
