"""Every form in which an award leaves: the bytes, who can read them, and the headers that they travel with."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from openbadgeslib.ob3.verifier import OB3Verifier
from PIL import Image
from sqlalchemy import delete, func, select, update

from badgeissuer.keyring.ring import KeyRing
from badgeissuer.rules.terms import ClientKind, KeyAlgorithm
from badgeissuer.runtime import utc_now
from badgeissuer.store.awards import JWT, Credential, jwt_id
from badgeissuer.store.catalog import IssuerKey
from badgeissuer.store.outbox import Event
from badgeissuer.store.status import StatusEntry
from badgeissuer.vc import jwt
from badgeissuer.vc.bake import unbake
from badgeissuer.vc.preflight import Target, Verdict, preflight
from badgeissuer.vc.profiles.targets import IMPORTERS
from badgeissuer.vc.proofs.data_integrity import unsecured
from tests.support import make
from tests.support.app import BASE_URL, Service
from tests.support.tools import run, tool

NAMES = ["王小明", "José Ñ", "Zoë ®", "Ana 🎓 López", "שלום כהן"]
OLDER = "ed25519-2020.json"
FORMS = ["json", "jwt", "png", "svg", "pdf", "qr.svg", "card.png", "zip", OLDER]
READERS = ("pngcheck", "rsvg-convert", "pdftotext", "pdfinfo")
LACKING = "No font here has some of the letters"


async def _award(service: Service, **parts: Any) -> tuple[dict[str, str], Any]:
    own = await make.register(service)
    return own, await make.award(service, own, await make.publish(service, own, **parts))


async def _get(service: Service, url: str, **headers: str) -> Any:
    answer = await service.http.get(url, headers=headers)
    assert answer.status_code == 200, (url, answer.text)
    return answer


async def _twenty(service: Service) -> list[tuple[str, dict[str, str], Any]]:
    """Four achievements for each name, with the name in the title too. Issued by the wall clock: others read it."""
    service.clock.now = utc_now().replace(microsecond=0) - timedelta(hours=1)
    own = await make.register(service)
    decided = (service.clock.now - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = []
    for n in range(4):
        for place, name in enumerate(NAMES):
            document = make.achievement(f"Assessment Literacy {n}, {name}")
            achievement = await make.publish(service, own, document=document)
            number = n * len(NAMES) + place
            award = await make.award(
                service,
                own,
                achievement,
                number,
                earner={"email": f"teacher{number}@schools.example.org", "name": name},
                decided_at=decided,
            )
            made.append((name, own, award))
    assert len(made) == 20
    return made


@pytest.mark.parametrize("name", READERS)
def test_what_reads_our_exports_is_here(name: str) -> None:
    if tool(name) is None:
        pytest.skip(f"{name} is not installed, and the exports are read without it")


async def test_every_export_of_twenty_awards_is_read_by_others(service: Service, tmp_path: Path) -> None:
    pngcheck, rsvg, pdftotext, pdfinfo = map(tool, READERS)
    awards = await _twenty(service)
    did = (await _get(service, "/issuers/kvec/did.json")).content
    method = next(each for each in json.loads(did)["verificationMethod"] if each["type"] == "JsonWebKey")
    verifier = OB3Verifier.for_issuer_did(method["controller"], download=lambda _url: did)
    key = ECKey.import_key(method["publicKeyJwk"])
    for name, own, award in awards:
        url = award["credential"]["url"]
        files = {form: (await _get(service, f"{url}.{form}")).content for form in FORMS}
        text = files["json"]
        assert hashlib.sha256(text).hexdigest() == award["credential"]["sha256"]
        for form in FORMS:
            (tmp_path / f"badge.{form}").write_bytes(files[form])

        # PNG and SVG: sound images that carry the stored text, byte for byte.
        for form, size in (("png", (600, 600)), ("card.png", (1200, 630))):
            with Image.open(io.BytesIO(files[form])) as image:
                image.verify()
            with Image.open(io.BytesIO(files[form])) as image:
                image.load()
                assert image.size == size
            if pngcheck:
                assert b"No errors detected" in run(pngcheck, "-v", tmp_path / f"badge.{form}")
        for form in ("png", "svg"):
            assert unbake(files[form]).text.encode() == text
        if rsvg:
            for form in ("svg", "qr.svg"):
                drawn = run(rsvg, tmp_path / f"badge.{form}")
                with Image.open(io.BytesIO(drawn)) as image:
                    assert len(image.convert("L").getcolors() or range(300)) > 1, "something is drawn"

        # JWT: two libraries and ourselves.
        token = files["jwt"].decode()
        header, payload = jws.extract_compact(token.encode()).headers(), _payload(token)
        assert header == {"alg": "ES256", "kid": method["id"], "typ": "JWT"}
        assert json.loads(jws.deserialize_compact(token, key, algorithms=["ES256"]).payload) == payload
        assert verifier.verify(token).id == url
        claims = {"iss", "jti", "sub", "nbf", "exp"}
        document = {member: value for member, value in payload.items() if member not in claims}
        assert document == unsecured(json.loads(text))
        assert (payload["iss"], payload["jti"]) == (method["controller"], url)

        # PDF: without the name for anybody, with it for the issuer.
        public = _text_of(pdftotext, tmp_path / "badge.pdf")
        named_pdf = (await _get(service, f"/v1/awards/{award['id']}/certificate.pdf", **own)).content
        (tmp_path / "named.pdf").write_bytes(named_pdf)
        named = _text_of(pdftotext, tmp_path / "named.pdf")
        assert files["pdf"].startswith(b"%PDF-1.")
        if pdftotext:
            for shown in (public, named):
                assert "Assessment Literacy" in shown
                assert url in shown
                assert "Valid when this sheet was made on" in shown
            assert "the holder of this credential" in public
            assert "the holder of this credential" not in named
            assert _letters(name) in _letters(named) or LACKING in named

            if pdfinfo:
                _check_accessible(pdfinfo, tmp_path / "badge.pdf", lacks=LACKING in public)
                _check_accessible(pdfinfo, tmp_path / "named.pdf", lacks=LACKING in named)

        # The zip holds the same two files, and says how it is done.
        with zipfile.ZipFile(io.BytesIO(files["zip"])) as packed:
            assert packed.testzip() is None
            image, document_file, how = packed.namelist()
            assert (packed.read(image), packed.read(document_file)) == (files["png"], text)
            assert url in packed.read(how).decode()

        # With the older suite: the same statements, its context and its proof.
        older = json.loads(files[OLDER])
        assert unsecured(older) == {**unsecured(json.loads(text)), "@context": older["@context"]}
        assert [proof["type"] for proof in older["proof"]] == ["Ed25519Signature2020"]

        for body, kind in (
            (token, "application/jwt"),
            (files["png"], "image/png"),
            (files["svg"], "image/svg+xml"),
            (files[OLDER], "application/json"),
        ):
            report = await service.http.post("/v1/verify", content=body, headers={"Content-Type": kind})
            assert (report.status_code, report.json()["verified"]) == (200, True), report.text
        # The wallet's own open issue with letters such as ® is "unknown"; nothing is refused.
        for target in IMPORTERS:
            found = {form: preflight(files[form], target) for form in ("json", "png", "svg")}
            assert {answer.verdict for answer in found.values()} <= {Verdict.IMPORTS, Verdict.UNKNOWN}, found
        for target in (Target.ONEDTECH_VALIDATOR, Target.OPENBADGESLIB):
            assert preflight(token, target).verdict is Verdict.IMPORTS


def _check_accessible(pdfinfo: str, path: Path, *, lacks: bool) -> None:
    """A title, a language and a tree of tags; PDF/UA-1 is claimed where every letter is shown, and only there."""
    about, meta = run(pdfinfo, path).decode(), run(pdfinfo, "-meta", path).decode()
    assert re.search(r"^Tagged: +yes$", about, re.M)
    assert re.search(r"^JavaScript: +no$", about, re.M)
    assert re.search(r"^Title: +\S", about, re.M)
    assert "<dc:language><rdf:Bag><rdf:li>en</rdf:li>" in meta
    assert ("pdfuaid:part>1<" in meta) is not lacks
    tags = re.findall(r"^ *([A-Z][A-Za-z0-9]*)", run(pdfinfo, "-struct", path).decode("utf-8", "replace"), re.M)
    assert {"Document", "H1", "P", "Figure", "Link"} <= set(tags), tags


def _payload(token: str) -> Any:
    part = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def _text_of(pdftotext: str | None, path: Path) -> str:
    return run(pdftotext, path, "-").decode() if pdftotext else ""


def _letters(text: str) -> str:
    """Without spaces, line breaks and the marks that show in which direction a word is read."""
    return re.sub(r"[\s\u200e\u200f\u202a-\u202e]", "", text)


async def test_the_headers_of_each_form(service: Service) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    expected = {
        "jwt": ("application/vc+jwt", "inline", "public, max-age=300"),
        "png": ("image/png", "inline", "public, max-age=300"),
        "svg": ("image/svg+xml", "inline", "public, max-age=300"),
        "pdf": ("application/pdf", "attachment", "public, max-age=300"),
        "qr.svg": ("image/svg+xml", "inline", "public, max-age=300"),
        "card.png": ("image/png", "inline", "public, max-age=300"),
    }
    tags = {(await _get(service, url)).headers["etag"]}
    for form, (kind, disposition, cache) in expected.items():
        answer = await _get(service, f"{url}.{form}")
        headers = answer.headers
        assert (headers["content-type"], headers["cache-control"], headers["vary"]) == (kind, cache, "Accept")
        name = f"assessment-literacy-{award['credential']['id'][:8]}.{form}"
        assert headers["content-disposition"] == f'{disposition}; filename="{name}"'
        assert headers["etag"] == f'"{hashlib.sha256(answer.content).hexdigest()}"'
        assert headers["access-control-allow-origin"] == "*"
        assert headers["x-content-type-options"] == "nosniff"
        if form != "jwt":
            assert headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert "set-cookie" not in headers
        tags.add(headers["etag"])
        again = await service.http.get(f"{url}.{form}", headers={"If-None-Match": headers["etag"]})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", headers["etag"])
        head = await service.http.head(f"{url}.{form}")
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", headers["etag"])
    assert len(tags) == 1 + len(expected)


@pytest.mark.parametrize(
    ("accept", "kind", "form"),
    [
        ("application/vc+jwt", "application/vc+jwt", "jwt"),
        ("application/jwt", "application/jwt", "jwt"),
        ("text/plain", "text/plain", "jwt"),
        ("image/png", "image/png", "png"),
        ("image/svg+xml", "image/svg+xml", "svg"),
        ("application/pdf", "application/pdf", "pdf"),
    ],
)
async def test_by_accept_it_is_the_same_as_by_address(service: Service, accept: str, kind: str, form: str) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    asked = await _get(service, url, Accept=accept)
    named = await _get(service, f"{url}.{form}", Accept=accept)
    assert asked.headers["content-type"] == named.headers["content-type"] == kind
    assert asked.content == named.content
    # The end of the address decides, whatever else is wished.
    other = await _get(service, f"{url}.{form}", Accept="application/json")
    assert other.content == named.content


async def test_file_names_hold_nothing_that_a_header_could_trip_over(service: Service) -> None:
    own = await make.register(service)
    for n, (name, stem) in enumerate(
        [('"; a=b \\ / ../ é', "a-b-e"), ("王小明", "badge"), ("x" * 200, "x" * 60), ("Zoë's <b>", "zoe-s-b")]
    ):
        achievement = await make.publish(service, own, document=make.achievement(name))
        award = await make.award(service, own, achievement, n)
        answer = await _get(service, f"{award['credential']['url']}.png")
        expected = f'inline; filename="{stem}-{award["credential"]["id"][:8]}.png"'
        assert answer.headers["content-disposition"] == expected


async def test_a_certificate_never_says_valid_of_what_is_not(service: Service, tmp_path: Path) -> None:
    pdftotext = tool("pdftotext")
    own = await make.register(service)
    awards = {}
    for n, what in enumerate(("revoke", "suspend", "expired", "active")):
        parts = {"valid_for_days": 30} if what == "expired" else {}
        achievement = await make.publish(service, own, document=make.achievement(f"To {what}"), **parts)
        awards[what] = await make.award(service, own, achievement, n)
    before = {what: (await _get(service, f"{a['credential']['url']}.pdf")).content for what, a in awards.items()}
    service.clock.advance(days=40)
    for action in ("revoke", "suspend"):
        path = f"/v1/awards/{awards[action]['id']}/{action}"
        assert (await service.http.post(path, json={"reason": "a test"}, headers=own)).status_code == 200
    lines = {
        "revoke": "REVOKED on 3 January 2027",
        "suspend": "SUSPENDED since 3 January 2027",
        "expired": "EXPIRED on ",
        "active": "Valid when this sheet was made on 3 January 2027",
    }
    for what, line in lines.items():
        url = awards[what]["credential"]["url"]
        now = (await _get(service, f"{url}.pdf")).content
        assert now != before[what]
        path = tmp_path / f"{what}.pdf"
        path.write_bytes(now)
        if pdftotext:
            shown = _text_of(pdftotext, path)
            assert line in shown
            assert ("Valid when" in shown) is (what == "active")
        # What was signed stays as it was, in each form that carries it.
        text = (await _get(service, url)).content
        assert unbake((await _get(service, f"{url}.png")).content).text.encode() == text
    card = (await _get(service, f"{awards['revoke']['credential']['url']}.card.png")).content
    other = (await _get(service, f"{awards['active']['credential']['url']}.card.png")).content
    assert card != other


async def test_the_certificate_says_what_was_achieved(service: Service, tmp_path: Path) -> None:
    pdftotext = tool("pdftotext")
    own = await make.register(service)
    document = make.achievement("Evaluación", creditsAvailable=1.5, inLanguage="es-ES")
    achievement = await make.publish(service, own, document=document)
    answer = await service.http.post(
        "/v1/decisions",
        json={
            "achievement": achievement,
            "earner": {"email": "teacher1@schools.example.org", "name": "José Ñ"},
            "assessments": [
                {
                    "assessor": {"id": "ann", "name": "Ann"},
                    "levels": {"Assessment design": "Exemplary", "Use of results": "Proficient"},
                    "assessed_at": "2026-11-20T10:00:00Z",
                }
            ],
            "external_reference": "one",
        },
        headers=own,
    )
    assert answer.status_code == 201, answer.text
    url = answer.json()["award"]["credential"]["url"]
    path = tmp_path / "certificate.pdf"
    path.write_bytes((await _get(service, f"{url}.pdf")).content)
    if pdftotext:
        shown = run(pdftotext, "-layout", path, "-").decode()
        for line in ("Assessment design +Exemplary", "Use of results +Proficient", "Créditos +1[.]5"):
            assert re.search(line, shown), line
        for text in ("Se certifica que", "24 de noviembre de 2026", "sin fecha de fin", "Issuer kvec"):
            assert text in shown, text


async def test_the_jwt_is_signed_once_with_the_award(service: Service) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    first = (await _get(service, f"{url}.jwt")).content
    service.clock.advance(days=3)
    # Neither the private key nor the writer is needed to serve it.
    service.runtime.keys = KeyRing(service.runtime.settings.resolved_keys_dir, b"another")
    assert (await _get(service, f"{url}.jwt")).content == first
    async with service.runtime.database.reading() as session:
        rows = list(await session.scalars(select(Credential).order_by(Credential.media_type)))
        assert [row.media_type for row in rows] == ["application/vc", JWT]
        assert (rows[1].id, rows[1].url, rows[1].text.encode()) == (jwt_id(rows[0].id), f"{url}.jwt", first)
        assert (rows[1].cryptosuite, rows[1].sha256) == ("ES256", hashlib.sha256(first).hexdigest())
        entries = list(await session.scalars(select(StatusEntry)))
        assert [entry.credential_id for entry in entries] == [rows[0].id], "both forms share one status entry"
        events = list(await session.scalars(select(Event).where(Event.type == "credential.issued")))
        assert {event.data["media_type"] for event in events} == {"application/vc", JWT}
    # Its row's id is no address.
    assert (await service.http.get(f"/credentials/{rows[1].id}")).status_code == 404


async def test_awards_from_before_get_their_jwt_when_it_is_asked_for_and_only_one(service: Service) -> None:
    own, award = await _award(service)
    url = award["credential"]["url"]
    async with service.runtime.database.writing() as session:
        await session.execute(delete(Credential).where(Credential.media_type == JWT))
    await service.http.post(f"/v1/awards/{award['id']}/revoke", json={"reason": "a test"}, headers=own)
    answers = await asyncio.gather(*(service.http.get(f"{url}.jwt") for _ in range(6)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    async with service.runtime.database.reading() as session:
        count = select(func.count()).select_from(Credential).where(Credential.media_type == JWT)
        assert await session.scalar(count) == 1
    report = await service.http.post(
        "/v1/verify", content=answers[0].content, headers={"Content-Type": "application/jwt"}
    )
    assert report.json()["outcome"] == "revoked"
    by_url = await service.http.post("/v1/verify", json={"url": f"{url}.jwt"})
    assert by_url.json()["outcome"] == "revoked"


async def test_an_issuer_without_a_p256_key_still_issues(service: Service) -> None:
    own = await make.register(service)
    achievement = await make.publish(service, own)
    keys = update(IssuerKey).where(IssuerKey.algorithm == KeyAlgorithm.P256)
    async with service.runtime.database.writing() as session:
        await session.execute(keys.values(compromised_at=service.clock.now))
    award = await make.award(service, own, achievement)
    url = award["credential"]["url"]
    assert (await service.http.get(f"{url}.jwt")).status_code == 503
    assert (await _get(service, url)).content
    async with service.runtime.database.writing() as session:
        await session.execute(keys.values(compromised_at=None))
    assert (await _get(service, f"{url}.jwt")).content


async def test_a_text_that_would_not_be_signed_any_more_has_no_jwt(service: Service) -> None:
    _, award = await _award(service)
    url = award["credential"]["url"]
    async with service.runtime.database.writing() as session:
        await session.execute(delete(Credential).where(Credential.media_type == JWT))
        row = (await session.scalars(select(Credential))).one()
        document = json.loads(row.text)
        del document["credentialSubject"]["achievement"]["criteria"]
        row.text = json.dumps(document)
    refused = await service.http.get(f"{url}.jwt")
    assert (refused.status_code, refused.json()["title"]) == (404, "Not found")


async def test_a_token_that_is_not_what_was_prepared_is_not_kept(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = await make.register(service)
    achievement = await make.publish(service, own)
    other_award = await make.award(service, own, achievement)
    token = (await _get(service, f"{other_award['credential']['url']}.jwt")).content.decode()
    monkeypatch.setattr(jwt, "create_ob", lambda *_, **__: token)
    answer = await service.http.post(
        "/v1/awards", json=make.award_body(achievement, 2, external_reference="two"), headers=own
    )
    assert answer.status_code == 503
    async with service.runtime.database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Credential)) == 2


async def test_the_api_lists_the_forms(service: Service) -> None:
    own, award = await _award(service)
    listed = (await _get(service, f"/v1/awards/{award['id']}/exports", **own)).json()
    url = award["credential"]["url"]
    assert listed["credential"] == url
    assert [(item["form"], item["url"]) for item in listed["exports"]] == [(form, f"{url}.{form}") for form in FORMS]
    for item in listed["exports"]:
        answer = await _get(service, item["url"], Accept=item["media_type"])
        kind = answer.headers["content-type"]
        assert kind == ("application/json" if item["form"] in ("json", OLDER) else item["media_type"])
    assert listed["certificate"] == f"{BASE_URL}/v1/awards/{award['id']}/certificate.pdf"


async def test_the_name_is_for_who_awarded_and_not_for_agencies(service: Service, tmp_path: Path) -> None:
    own, award = await _award(service)
    path = f"/v1/awards/{award['id']}/certificate.pdf"
    mine = await _get(service, path, **own)
    assert (mine.headers["cache-control"], mine.headers["content-type"]) == ("no-store", "application/pdf")
    assert "access-control-allow-origin" not in mine.headers
    agency = {"Authorization": f"Bearer {await service.key(ClientKind.AGENCY, all_issuers=True)}"}
    assert (await service.http.get(f"/v1/awards/{award['id']}", headers=agency)).status_code == 200
    assert (await service.http.get(f"/v1/awards/{award['id']}/exports", headers=agency)).status_code == 200
    refused = await service.http.get(path, headers=agency)
    assert (refused.status_code, refused.headers["content-type"]) == (403, "application/problem+json")
    (tmp_path / "named.pdf").write_bytes(mine.content)
    if pdftotext := tool("pdftotext"):
        assert "Teacher 1" in _text_of(pdftotext, tmp_path / "named.pdf")
