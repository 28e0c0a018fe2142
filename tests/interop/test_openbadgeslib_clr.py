"""openbadgeslib 4.6.3 on our records: the outer proof, up to the size that it reads, and every badge inside."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.ob3 import OB3VerificationError
from openbadgeslib.ob3.clr import bundled_clr_contexts
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof

from badgeissuer.rules.splitting import PEER_BYTES
from badgeissuer.runtime import utc_now
from badgeissuer.vc.multikey import parse_multikey
from badgeissuer.web.app import create_app
from tests.support.app import BASE_URL, MakeRuntime, Service
from tests.support.bundled import Bundled, bundled, member_texts, row
from tests.support.figures import Figure

Json = dict[str, Any]


@pytest.fixture
def backend() -> str:
    """What is signed does not depend on the kind of database."""
    return "sqlite"


@pytest.fixture
async def service(make_runtime: MakeRuntime) -> Any:
    """By the wall clock, because openbadgeslib reads it too."""
    runtime = await make_runtime(clock=utc_now)
    app = create_app(runtime)
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url=BASE_URL) as http:
        yield Service(runtime=runtime, clock=None, app=app, http=http)  # type: ignore[arg-type]


async def _published(made: Bundled, text: str) -> Any:
    """What the service serves now: the issuer's keys and all lists that are named in the record."""
    document = json.loads(text)
    members = document["credentialSubject"]["verifiableCredential"]
    urls = {each["credentialStatus"]["statusListCredential"] for each in (document, *members)}
    urls.add(f"{BASE_URL}/issuers/kvec/did.json")
    pages = {}
    for url in urls:
        pages[url] = (await made.service.http.get(url.removeprefix(BASE_URL))).content
    return pages.__getitem__


def _outer(document: Json, did_document: Json) -> str:
    method = document["proof"][0]["verificationMethod"]
    (key,) = [each for each in did_document["verificationMethod"] if each["id"] == method]
    public = parse_multikey(key["publicKeyMultibase"])
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        verify_data_integrity_proof(document, pem, extra_contexts=bundled_clr_contexts())
    except OB3VerificationError as error:
        return str(error)
    return "valid"


def _inner(member: str, download: Any) -> str:
    did = json.loads(member)["issuer"]["id"]
    try:
        OB3LdpVerifier.for_issuer_did(did).verify(
            member, check_status=True, download=download, verify_status_list=False
        )
    except OB3VerificationError as error:
        return str(error)
    return "valid"


@pytest.mark.parametrize("count", [1, 10, 100, pytest.param(1_000, marks=pytest.mark.long)])
async def test_it_verifies_the_record_and_every_badge_in_it(service: Service, count: int, figure: Figure) -> None:
    made = await bundled(service, count=count)
    answer = await made.post({"split": True}, status=202 if count > 100 else 201)
    if count > 100:
        await made.settle()
        path = answer.headers["location"].removeprefix(BASE_URL)
        ids = (await service.http.get(path, headers=made.headers)).json()["result"]["records"]
    else:
        ids = [record["id"] for record in answer.json()["records"]]
    seen = 0
    for id_ in ids:
        clr = await row(service, id_)
        assert clr.size <= PEER_BYTES
        download = await _published(made, clr.text)
        did_document = json.loads(download(f"{BASE_URL}/issuers/kvec/did.json"))
        assert _outer(json.loads(clr.text), did_document) == "valid"
        found = [_inner(member, download) for member in member_texts(clr.text)]
        assert found == ["valid"] * clr.members
        seen += clr.members
    figure(f"{count} badges in {len(ids)} part(s)")
    assert seen == count


async def test_it_sees_what_was_changed_and_what_was_revoked(service: Service) -> None:
    made = await bundled(service, count=3)
    clr = await made.record()
    document = json.loads(clr.text)
    members = document["credentialSubject"]["verifiableCredential"]
    members[1]["name"] = "Changed"
    revoked = next(award for award in made.awards if award["credential"]["url"] == members[0]["id"])
    await made.change(revoked["id"], "revoke")
    download = await _published(made, clr.text)
    did_document = json.loads(download(f"{BASE_URL}/issuers/kvec/did.json"))
    assert "proof" in _outer(document, did_document).lower()
    found = [_inner(json.dumps(member), download) for member in members]
    assert found[0].startswith("Credential status 'revocation' is set")
    assert "proof" in found[1].lower()
    assert found[2] == "valid"
