"""badgeissuer achievement art, issuer art: pictures from files; and the forms of an export that are made on request."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from badgeissuer.cli.exits import Exit
from tests.cli.conftest import Shell
from tests.support.make import award_body

DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><rect width="9" height="9" fill="#0028c8"/></svg>'


def test_a_picture_goes_on_the_next_version(shell: Shell, published: Callable[..., str], tmp_path: Path) -> None:
    achievement = published()
    (tmp_path / "art.svg").write_bytes(DRAWING)
    done = shell("achievement", "art", achievement, str(tmp_path / "art.svg"), "--caption", "A blue field")
    assert done.code == 0, done.err
    assert "version 2, is draft" in done.out
    facts = shell.json("achievement", "art", achievement, "-", "--caption", "A blue field", stdin=DRAWING)
    assert (facts["version"], facts["image"]["caption"]) == (2, "A blue field")
    shell.json("achievement", "publish", achievement)
    made = shell.json("issue", "-", stdin=json.dumps(award_body(achievement, external_reference="one")))
    (file,) = shell.json("export", made["id"], "--form", "png", "-o", str(tmp_path / "out"))["files"]
    with Image.open(file["path"]) as image:
        assert (image.size, image.convert("RGB").getpixel((400, 400))) == ((800, 800), (0, 40, 200))


def test_an_issuer_gets_its_logo(shell: Shell, published: Callable[..., str], tmp_path: Path) -> None:
    published()
    written = io.BytesIO()
    Image.new("RGB", (30, 20), "red").save(written, "PNG")
    (tmp_path / "logo.png").write_bytes(written.getvalue())
    done = shell("issuer", "art", "kvec", str(tmp_path / "logo.png"), "--caption", "The seal")
    assert done.code == 0, done.err
    assert "/art/" in done.out
    facts = shell.json("issuer", "art", "kvec", str(tmp_path / "logo.png"), "--caption", "The seal")
    assert facts["image"]["caption"] == "The seal"


def test_what_is_no_picture_is_refused(shell: Shell, published: Callable[..., str], tmp_path: Path) -> None:
    achievement = published()
    (tmp_path / "bad.svg").write_bytes(DRAWING.replace(b"<rect", b"<script/><rect"))
    for name, exit_code in (("bad.svg", Exit.REFUSED), ("absent.png", Exit.NOT_FOUND)):
        for command in (("achievement", "art", achievement), ("issuer", "art", "kvec")):
            done = shell(*command, str(tmp_path / name), "--caption", "x")
            assert done.code == exit_code, (name, done.err)
    assert shell("achievement", "art", "nonsense", "-", "--caption", "x", stdin=DRAWING).code == Exit.NOT_FOUND
    done = shell("achievement", "art", achievement, "-", "--caption", "  ", stdin=DRAWING)
    assert done.code == Exit.REFUSED
    assert "caption" in done.err
    assert shell.json("achievement", "list")["items"][0]["version"] == 1


def test_a_zip_for_credly_and_a_form_for_older_wallets(
    shell: Shell, published: Callable[..., str], tmp_path: Path
) -> None:
    made = shell.json("issue", "-", stdin=json.dumps(award_body(published(), external_reference="one")))
    (packed,) = shell.json("export", made["id"], "--form", "zip", "-o", str(tmp_path))["files"]
    with zipfile.ZipFile(packed["path"]) as opened:
        assert opened.testzip() is None
        assert len(opened.namelist()) == 3
    (older,) = shell.json("export", made["id"], "--form", "ed25519-2020.json", "-o", str(tmp_path))["files"]
    content = Path(older["path"]).read_bytes()
    assert hashlib.sha256(content).hexdigest() == older["sha256"]
    assert json.loads(content)["proof"][0]["type"] == "Ed25519Signature2020"
    done = shell("verify", older["path"], "--json")
    assert (done.code, done.json["outcome"]) == (0, "valid")
