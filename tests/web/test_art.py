"""Art over HTTP: uploaded, cleaned, kept with its version, served, and in every form of an award."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
from typing import Any
from uuid import uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from badgeissuer.drawing import workshop
from badgeissuer.errors import Unavailable
from badgeissuer.store.art import Art
from badgeissuer.vc.bake import unbake
from badgeissuer.web import media
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.tools import run, tool

SECRET = b"40.7128N 74.0060W"
RED, BLUE = (200, 16, 46), (0, 40, 200)
DRAWING = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 50"><title>Dana Whitaker</title>'
    b'<rect width="100" height="50" fill="#0028c8"/></svg>'
)


def photo(colour: tuple[int, int, int] = RED, size: tuple[int, int] = (300, 200)) -> bytes:
    """A PNG with a place in it."""
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()
    Image.new("RGB", size, colour).save(written, "PNG", exif=exif)
    return written.getvalue()


async def _put(
    service: Service, path: str, data: bytes, own: dict[str, str], kind: str = media.PNG, caption: str = "A red field"
) -> Any:
    return await service.http.put(
        path, content=data, params={"caption": caption}, headers={**own, "Content-Type": kind}
    )


async def _draft(service: Service, own: dict[str, str]) -> str:
    body = {"issuer": "kvec", "achievement": make.achievement()}
    made = await service.http.post("/v1/achievements", json=body, headers=own)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def _files(service: Service, award: Any, forms: tuple[str, ...]) -> dict[str, bytes]:
    answers = {form: await service.http.get(f"{award['credential']['url']}.{form}") for form in forms}
    assert {answer.status_code for answer in answers.values()} == {200}
    return {form: answer.content for form, answer in answers.items()}


def _middle(png: bytes) -> tuple[tuple[int, int], Any]:
    with Image.open(io.BytesIO(png)) as image:
        return image.size, image.convert("RGB").getpixel((image.width // 2, image.height // 2))


@pytest.mark.parametrize("kind", [media.PNG, media.SVG])
async def test_art_is_in_every_form_of_an_award(service: Service, kind: str, tmp_path: Any) -> None:
    own = await make.register(service)
    achievement = await _draft(service, own)
    data, colour, size = (photo(), RED, (300, 200)) if kind == media.PNG else (DRAWING, BLUE, (800, 400))
    answer = await _put(service, f"/v1/achievements/{achievement}/art", data, own, kind, "  A plain\nfield ")
    assert answer.status_code == 200, answer.text
    told = answer.json()
    url = f"{BASE_URL}/art/{told['sha256']}.png"
    assert told["image"] == {"id": url, "type": "Image", "caption": "A plain field"}
    assert (told["media_type"], told["version"], told["state"]) == (kind, 1, "draft")
    assert (told["width"], told["height"]) == ((300, 200) if kind == media.PNG else (600, 300))
    published = await service.http.post(f"/v1/achievements/{achievement}/publish", headers=own)
    assert published.json()["achievement"]["image"] == told["image"]

    award = await make.award(service, own, achievement)
    files = await _files(service, award, ("json", "png", "svg", "pdf", "card.png", "zip"))
    document = json.loads(files["json"])
    assert document["credentialSubject"]["achievement"]["image"] == told["image"]
    # The very picture, with the credential in it.
    assert _middle(files["png"]) == (size, colour)
    for form in ("png", "svg"):
        assert unbake(files[form]).text.encode() == files["json"]
    if kind == media.SVG:
        assert b'fill="#0028c8"' in files["svg"]
        assert b"Dana" not in files["svg"]
    (tmp_path / "badge.svg").write_bytes(files["svg"])
    if rsvg := tool("rsvg-convert"):
        assert _middle(run(rsvg, tmp_path / "badge.svg"))[1] == colour
    # On the card and on paper.
    with Image.open(io.BytesIO(files["card.png"])) as card:
        assert card.convert("RGB").getpixel((80 + 190, 315)) == colour
    (tmp_path / "badge.pdf").write_bytes(files["pdf"])
    if pdfinfo := tool("pdfinfo"):
        told_of = run(pdfinfo, "-struct-text", tmp_path / "badge.pdf").decode()
        assert "Figure" in told_of
    if pdftoppm := tool("pdftoppm"):
        with Image.open(io.BytesIO(run(pdftoppm, "-png", "-r", "40", tmp_path / "badge.pdf"))) as sheet:
            pixels = sheet.convert("RGB").getcolors(1 << 24) or []
        # Poppler rounds colours of pictures that it makes smaller.
        near = [count for count, pixel in pixels if max(abs(a - b) for a, b in zip(pixel, colour, strict=True)) <= 2]
        assert sum(near) > 2_000

    # Whoever does not see it is told what it shows.
    page = await service.http.get(award["credential"]["url"], headers={"Accept": "text/html"})
    assert '.svg" alt="A plain field"' in page.text

    # At its own address, for ever, and harmless.
    served = await service.http.get(f"/art/{told['sha256']}.png")
    assert _middle(served.content) == (size, colour)
    assert SECRET not in served.content
    assert served.headers["content-type"] == "image/png"
    assert served.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert served.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert served.headers["x-content-type-options"] == "nosniff"
    assert served.headers["access-control-allow-origin"] == "*"
    tag = served.headers["etag"]
    assert (await service.http.get(url, headers={"If-None-Match": tag})).status_code == 304
    drawn = await service.http.get(f"/art/{told['sha256']}.svg")
    if kind == media.PNG:
        assert drawn.status_code == 404
    else:
        assert hashlib.sha256(drawn.content).hexdigest() == told["sha256"]
        assert drawn.headers["content-type"] == "image/svg+xml"
        assert drawn.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert b"Dana" not in drawn.content


async def test_a_published_version_keeps_its_picture_and_new_art_is_a_new_version(service: Service) -> None:
    own = await make.register(service)
    achievement = await _draft(service, own)
    path = f"/v1/achievements/{achievement}/art"
    first = (await _put(service, path, photo(), own)).json()
    await service.http.post(f"/v1/achievements/{achievement}/publish", headers=own)
    earlier = await make.award(service, own, achievement, 1)
    before = await _files(service, earlier, ("png", "svg"))

    # The same again changes nothing; only its words are a change too.
    again = (await _put(service, path, photo(), own)).json()
    assert (again["version"], again["state"], again["sha256"]) == (1, "published", first["sha256"])
    reworded = (await _put(service, path, photo(), own, caption="A field of red")).json()
    assert (reworded["version"], reworded["state"], reworded["sha256"]) == (2, "draft", first["sha256"])
    second = (await _put(service, path, DRAWING, own, media.SVG, "A blue field")).json()
    assert (second["version"], second["state"]) == (2, "draft")
    shown = (await service.http.get(f"/v1/achievements/{achievement}", headers=own)).json()
    assert [each["state"] for each in shown["versions"]] == ["published", "draft"]
    assert (shown["achievement"]["version"], shown["achievement"]["image"]) == ("2", second["image"])
    # A draft's picture is in no award.
    meanwhile = await make.award(service, own, achievement, 2)
    assert _middle((await _files(service, meanwhile, ("png",)))["png"])[1] == RED

    await service.http.post(f"/v1/achievements/{achievement}/publish", headers=own)
    later = await make.award(service, own, achievement, 3)
    assert _middle((await _files(service, later, ("png",)))["png"])[1] == BLUE
    assert await _files(service, earlier, ("png", "svg")) == before
    async with service.runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Art)) == 2


async def test_art_of_a_draft_that_was_replaced_without_it_is_gone(service: Service) -> None:
    own = await make.register(service)
    achievement = await _draft(service, own)
    await _put(service, f"/v1/achievements/{achievement}/art", photo(), own)
    body = {"achievement": make.achievement()}
    assert (await service.http.put(f"/v1/achievements/{achievement}", json=body, headers=own)).status_code == 200
    await service.http.post(f"/v1/achievements/{achievement}/publish", headers=own)
    award = await make.award(service, own, achievement)
    assert _middle((await _files(service, award, ("png",)))["png"])[0] == (600, 600), "the default badge"


async def test_an_issuer_has_a_logo(service: Service) -> None:
    own = await make.register(service)
    answer = await _put(service, "/v1/issuers/kvec/art", photo(), own, caption="The seal of KVEC")
    assert answer.status_code == 200, answer.text
    image = answer.json()["image"]
    assert image["caption"] == "The seal of KVEC"
    shown = await service.http.get("/v1/issuers/kvec", headers=own)
    assert shown.json()["profile"]["image"] == image
    assert (shown.headers["etag"], answer.json()["revision"]) == (answer.headers["etag"], 2)
    assert (await _put(service, "/v1/issuers/kvec/art", photo(), own, caption="The seal of KVEC")).json()[
        "revision"
    ] == 2
    assert (await service.http.get(image["id"])).status_code == 200
    award = await make.award(service, own, await make.publish(service, own))
    document = (await service.http.get(award["credential"]["url"])).json()
    assert document["issuer"]["image"] == image
    # It is the issuer's picture, not the badge's.
    assert _middle((await _files(service, award, ("png",)))["png"])[0] == (600, 600)


@pytest.mark.parametrize(
    ("data", "kind", "status", "code"),
    [
        (b"GIF89a", media.PNG, 422, "image-refused"),
        (b"", media.PNG, 422, "image-refused"),
        (photo()[:-4], media.PNG, 422, "image-refused"),
        (photo() + b"<script>", media.PNG, 422, "image-refused"),
        (photo(size=(4097, 1)), media.PNG, 422, "image-refused"),
        (photo(), media.SVG, 422, "image-refused"),
        (DRAWING, media.PNG, 422, "image-refused"),
        (DRAWING.replace(b"<rect", b'<rect onload="alert(1)"'), media.SVG, 422, "image-refused"),
        (b"<!DOCTYPE svg>" + DRAWING, media.SVG, 422, "image-refused"),
        (DRAWING, "image/svg+xml; charset=utf-16", 415, "unsupported-media-type"),
        (photo(), "image/jpeg", 415, "unsupported-media-type"),
        (photo(), "application/json", 415, "unsupported-media-type"),
        (bytes(5 * 1024 * 1024 + 1), media.PNG, 413, "too-large"),
    ],
)
async def test_what_is_refused_changes_nothing(
    service: Service, data: bytes, kind: str, status: int, code: str
) -> None:
    own = await make.register(service)
    achievement = await _draft(service, own)
    paths = (f"/v1/achievements/{achievement}/art", "/v1/issuers/kvec/art")
    reads = (f"/v1/achievements/{achievement}", "/v1/issuers/kvec")
    before = [(await service.http.get(path, headers=own)).content for path in reads]
    for path in paths:
        answer = await _put(service, path, data, own, kind)
        assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, code)
        assert "alert" not in answer.text
    assert [(await service.http.get(path, headers=own)).content for path in reads] == before
    async with service.runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Art)) == 0


@pytest.mark.parametrize("caption", ["", "   ", "x" * 301, "a\u202eb", "a\u200bb", None])
async def test_art_needs_words(service: Service, caption: str | None) -> None:
    own = await make.register(service)
    achievement = await _draft(service, own)
    path = f"/v1/achievements/{achievement}/art"
    params = {} if caption is None else {"caption": caption}
    headers = {**own, "Content-Type": media.PNG}
    answer = await service.http.put(path, content=photo(), params=params, headers=headers)
    assert answer.status_code == 422
    assert "caption" in answer.text
    shown = await service.http.get(f"/v1/achievements/{achievement}", headers=own)
    assert "image" not in shown.json()["achievement"]


async def test_art_is_of_its_issuer_alone(service: Service) -> None:
    own = await make.register(service)
    other = await make.register(service, "other")
    achievement = await _draft(service, own)
    path = f"/v1/achievements/{achievement}/art"
    foreign = await _put(service, path, photo(), other)
    absent = await _put(service, f"/v1/achievements/{uuid4()}/art", photo(), other)
    assert (foreign.status_code, foreign.json()["detail"]) == (404, absent.json()["detail"])
    assert (await _put(service, "/v1/issuers/kvec/art", photo(), other)).status_code == 404
    assert (await _put(service, path, photo(), {})).status_code == 401
    reader = await service.as_issuer("kvec", scopes=("achievements:read", "issuers:read"))
    assert (await _put(service, path, photo(), reader)).status_code == 403
    # An address of another issuer's art draws nothing of theirs.
    mine = (await _put(service, path, photo(), own)).json()
    stolen = make.achievement(image=mine["image"])
    award = await make.award(service, other, await make.publish(service, other, "other", document=stolen))
    assert _middle((await _files(service, award, ("png",)))["png"])[0] == (600, 600)


@pytest.mark.parametrize(
    "name", ["x.png", f"{'0' * 64}.png", f"{'0' * 64}.svg", f"{'0' * 64}", f"{'0' * 64}.gif", f"{'A' * 64}.png"]
)
async def test_other_addresses_are_not_there(service: Service, name: str) -> None:
    assert (await service.http.get(f"/art/{name}")).status_code == 404


@pytest.mark.parametrize("image", ["https://elsewhere.example/a.png", f"{BASE_URL}/art/{'0' * 64}.png"])
async def test_a_picture_that_is_not_here_leaves_the_default_badge(service: Service, image: str) -> None:
    own = await make.register(service)
    document = make.achievement(image={"id": image, "type": "Image"})
    award = await make.award(service, own, await make.publish(service, own, document=document))
    assert _middle((await _files(service, award, ("png",)))["png"])[0] == (600, 600)


async def test_two_uploads_at_once_do_not_hide_one_another(service: Service) -> None:
    own = await make.register(service)
    achievement = await make.publish(service, own)
    path = f"/v1/achievements/{achievement}/art"
    answers = await asyncio.gather(
        _put(service, path, photo(RED), own), _put(service, path, photo(BLUE), own, caption="A blue field")
    )
    kept = [answer.json() for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}
    assert kept
    shown = (await service.http.get(f"/v1/achievements/{achievement}", headers=own)).json()
    assert shown["achievement"]["image"] in [each["image"] for each in kept]
    assert len(shown["versions"]) == 2


async def test_where_no_process_starts_nothing_is_kept(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    own = await make.register(service)
    achievement = await _draft(service, own)

    async def none(*_: Any, **__: Any) -> None:
        raise OSError

    monkeypatch.setattr(asyncio, "create_subprocess_exec", none)
    with pytest.raises(Unavailable):
        await workshop.cleaned(photo())
    answer = await _put(service, f"/v1/achievements/{achievement}/art", photo(), own)
    assert answer.status_code == 503
