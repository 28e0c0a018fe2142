"""The default badge, the certificate, the card: what they say, that they are sound, and that they never change."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from PIL import Image

from badgeissuer.drawing import press as pressing
from badgeissuer.drawing.press import press
from badgeissuer.drawing.sheets import (
    BadgeFacts,
    CertificateFacts,
    badge_png,
    badge_svg,
    card_png,
    certificate,
    colour_of,
    qr_svg,
)
from badgeissuer.errors import Unavailable
from badgeissuer.vc.bake import bake, unbake

FACTS = BadgeFacts(
    "Assessment Literacy", "Kentucky Valley Educational Cooperative", "did:web:a.example", "Micro-credential"
)
WORDS = {
    "certifies": "This certifies that",
    "earned": "has earned",
    "art": "The badge",
    "code": "QR code",
    "scan": "Scan to check",
    "check": "Check it at",
    "lacking": "Some letters are missing",
}
SHEET = CertificateFacts(
    FACTS,
    "Ana García López",
    "Designs and reads classroom assessments.",
    [("Awarded", "2026-03-01")],
    "https://badges.example.org/credentials/6a1f0f5e-52a7-4a2e-8a6a-0e5c8f6d1c01",
    "Valid on 2026-11-24",
    WORDS,
)
NAMES = [
    "王小明",
    "José Ñ",
    "Zoë ®",
    "😀",
    "שלום",
    "A" * 300,
    '<b>&amp;</b> #link("https://evil.example")[x] $x$ \\ "',
    ".",
]


@pytest.mark.parametrize("name", NAMES)
def test_whatever_the_name_the_art_is_sound_and_can_be_baked(name: str) -> None:
    facts = replace(FACTS, title=name, issuer=name, kind=None)
    text = '{"id":"urn:x:1"}'
    assert unbake(bake(badge_svg(facts), text)).text == text
    picture = badge_png(facts, side=300)
    assert unbake(bake(picture, text)).text == text
    with Image.open(io.BytesIO(picture)) as image:
        image.load()
        assert (image.size, image.mode) == ((300, 300), "RGBA")
        assert image.getpixel((1, 1)) == (0, 0, 0, 0), "transparent around it"


def test_the_same_facts_give_the_same_bytes() -> None:
    assert badge_svg(FACTS) == badge_svg(replace(FACTS))
    assert certificate(SHEET).content == certificate(replace(SHEET)).content
    assert badge_svg(FACTS) != badge_svg(replace(FACTS, title="Another"))


def test_an_issuer_keeps_its_colour() -> None:
    assert colour_of("did:web:a.example") == colour_of("did:web:a.example")
    assert len({colour_of(f"did:web:{n}.example") for n in range(200)}) == 10


def test_a_certificate_is_accessible_and_one_that_lacks_letters_says_it_is_not() -> None:
    made = certificate(SHEET)
    assert made.accessible
    assert made.content.startswith(b"%PDF-1.")
    assert b"/StructTreeRoot" in made.content
    own = certificate(replace(SHEET, art=badge_svg(replace(FACTS, title="Own art"))))
    assert own.content != made.content
    lacking = certificate(replace(SHEET, earner="\U00012345"))
    assert lacking.content.startswith(b"%PDF-1.")
    assert not lacking.accessible


def test_the_card_of_a_shared_link() -> None:
    with Image.open(io.BytesIO(card_png(FACTS, "Awarded 2026-03-01"))) as image:
        image.load()
        assert image.size == (1200, 630)


def test_a_qr_code_is_an_svg_without_anything_else() -> None:
    code = qr_svg("https://badges.example.org/credentials/1")
    assert code.startswith(b"<svg")
    assert b"http" not in code.replace(b"http://www.w3.org/2000/svg", b"")


def test_a_template_that_fails_is_an_error_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("templates")
    (folder / "broken.typ").write_text("#panic()")
    monkeypatch.setattr(pressing, "TEMPLATES", folder)
    for format in ("svg", "pdf"):
        with pytest.raises(Unavailable, match="could not be made"):
            press("broken.typ", {}, format)  # type: ignore[arg-type]
