"""`badgeissuer verify` on files of every form, with what the reader asks besides. The issuer is a did:key, so that
nothing is fetched."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from badgeissuer.cli.exits import NO_VERDICT, Exit
from badgeissuer.vc.bake import bake
from badgeissuer.vc.multikey import public_multikey
from tests.cli.conftest import Shell
from tests.support import issued, records, tokens
from tests.unit.vc.test_verify_carriers import PNG, SVG

DID = f"did:key:{issued.MULTIKEY}"
METHOD = f"{DID}#{issued.MULTIKEY}"
EMAIL = "teacher@school.example.org"


def badge(**members: Any) -> dict[str, Any]:
    document = {name: value for name, value in issued.signed().items() if name not in ("credentialStatus", "proof")}
    document |= {"issuer": {"id": DID, "type": ["Profile"], "name": "KVEC"}, "validUntil": "2099-01-01T00:00:00Z"}
    return issued.resigned(document | members, verificationMethod=METHOD)


def token() -> str:
    multikey = public_multikey(tokens.P256.public_key())
    issuer = f"did:key:{multikey}"
    document = tokens.document()
    document.pop("credentialStatus")
    document["issuer"]["id"] = issuer
    return tokens.token({**document, **tokens.CLAIMS, "iss": issuer}, kid=f"{issuer}#{multikey}")


def record(*members: dict[str, Any]) -> dict[str, Any]:
    document = {
        name: value for name, value in records.signed_clr().items() if name not in ("credentialStatus", "proof")
    }
    subject = {"id": badge()["credentialSubject"]["id"], "type": ["ClrSubject"], "verifiableCredential": list(members)}
    document |= {"issuer": badge()["issuer"], "validUntil": "2099-01-01T00:00:00Z", "credentialSubject": subject}
    return issued.resigned(document, verificationMethod=METHOD)


TOKEN = token()
FORMS: dict[str, bytes] = {
    "badge.json": json.dumps(badge()).encode(),
    "badge.png": bake(PNG, json.dumps(badge())),
    "badge.svg": bake(SVG, json.dumps(badge())),
    "badge.jwt": TOKEN.encode() + b"\n",
    "jwt.png": bake(PNG, TOKEN),
    "jwt.svg": bake(SVG, TOKEN),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in FORMS.items():
        (tmp_path / name).write_bytes(data)
    return tmp_path


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_file_verifies(empty: Shell, folder: Path, name: str) -> None:
    done = empty("verify", str(folder / name))
    assert done.code == Exit.OK, done.out
    lines = done.out.splitlines()
    assert [line[:15] for line in lines[:9]] == [f"{number}  ok         " + " " for number in range(9)]
    assert lines[-2] == "VALID"
    assert lines[-1].startswith("Genuine and in force: ")
    assert ("image" in lines[0]) is name.endswith(("png", "svg"))
    assert empty("verify", "-", "--json", stdin=(folder / name).read_bytes()).json["accepted"] is True


@pytest.mark.parametrize("name", FORMS)
def test_a_changed_file_does_not(empty: Shell, folder: Path, name: str) -> None:
    path = folder / name
    data = path.read_bytes()
    if "jwt" in name:
        signature = TOKEN.rpartition(".")[2].encode()
        changed = data.replace(signature, signature[:4] + (b"A" if signature[4:5] != b"A" else b"B") + signature[5:])
    else:
        changed = data.replace(b"KVEC-AL-1", b"KVEC-AL-2")
    assert changed != data
    path.write_bytes(changed)
    done = empty("verify", str(path))
    assert done.code == Exit.REFUSED
    assert "NOT VALID" in done.out.splitlines()
    if not name.endswith("png"):  # in a PNG its checksum says so first
        assert done.out.splitlines()[-1].startswith("Not genuine as it stands: ")


@pytest.mark.parametrize("data", [b"GIF89a", b"eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln", b"[]", PNG, b"{}"])
def test_what_is_no_credential_is_told_what_to_do(empty: Shell, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    done = empty("verify", str(path))
    assert done.code == Exit.REFUSED
    assert done.out.splitlines()[-1].startswith("Not verified: this ")
    failed = [line for line in done.out.splitlines() if line[3:9] == "failed"]
    assert failed


def test_the_recipient_that_is_asked_for(empty: Shell, folder: Path) -> None:
    path = str(folder / "badge.png")
    assert empty("verify", path, "--recipient", EMAIL.upper()).code == Exit.OK
    assert empty("verify", path, "--recipient", "x@y.example", "--recipient", EMAIL).code == Exit.OK
    done = empty("verify", path, "--recipient", "x@y.example")
    assert done.code == Exit.REFUSED
    assert (
        "7  failed       subject and achievement: recipient: it was awarded to someone else than asked for" in done.out
    )


def test_own_rules_leave_it_valid_and_do_not_accept_it(empty: Shell, folder: Path) -> None:
    path = str(folder / "badge.json")
    assert empty("verify", path, "--trusted-issuer", "did:web:a.example", "--trusted-issuer", DID).code == Exit.OK
    for option in (["--trusted-issuer", "did:web:a.example"], ["--needs-status"]):
        done = empty("verify", path, *option)
        assert done.code == Exit.REFUSED
        assert "VALID, but not accepted by your own rules" in done.out.splitlines()
        assert "-  failed       your rule, " in done.out
        report = empty("verify", path, *option, "--json").json
        assert (report["verified"], report["accepted"], len(report["policy"])) == (True, False, 1)
    done = empty("verify", path, "--trusted-issuer", "KVEC")
    assert (done.code, done.err[:7]) == (NO_VERDICT, "error: ")


def test_a_refreshed_edition_is_said_to_be_one(capsys: pytest.CaptureFixture[str]) -> None:
    from dataclasses import replace

    from badgeissuer.cli.verify import _tell

    report = issued.report_on(issued.signed())
    _tell(replace(report, refreshed=True))
    assert "the newer edition that its refresh service gave" in capsys.readouterr().out


def test_the_credentials_of_a_record_are_listed_each_with_its_verdict(empty: Shell, tmp_path: Path) -> None:
    other = badge(id="urn:uuid:4c1d2f6e-0000-4000-8000-000000000002", name="Other")
    file = tmp_path / "record.json"
    file.write_text(json.dumps(record(badge(), other)))
    done = empty("verify", str(file))
    assert done.code == Exit.OK, done.out
    assert "Credentials in the record" in done.out
    assert "0  valid        Assessment Literacy" in done.out
    assert "1  valid        Other" in done.out
    file.write_text(json.dumps(record(badge(), other | {"name": "Changed"})))
    done = empty("verify", str(file))
    assert done.code == Exit.REFUSED
    assert "1  invalid      Changed" in done.out
    assert "3 proof: the signature does not" in done.out
    assert "3 proof" not in done.out.partition("1  invalid")[0].partition("Credentials in the record")[2]
    found = json.loads(empty("verify", "--json", str(file)).out)["members"]
    assert [(member["pointer"], member["verified"]) for member in found] == [
        ("/credentialSubject/verifiableCredential/0", True),
        ("/credentialSubject/verifiableCredential/1", False),
    ]
