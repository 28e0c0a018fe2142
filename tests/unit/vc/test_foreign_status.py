"""The status methods of older badges: what they say, and that nothing unknown is taken for "not revoked"."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import pytest

from badgeissuer.vc import foreign_status as foreign
from badgeissuer.vc.faults import StatusListEncoding, StatusListError, StatusListLength
from badgeissuer.vc.status import LIST_SIZE, Bits, status_entry
from badgeissuer.vc.status_entries import Entry, Status, StatusEntryInvalid, StatusPurposeMismatch
from tests.support.shared import shared_path

URL = "https://a.example/status/1"
OLD = {**status_entry(list_url=URL, index=9, purpose="suspension"), "type": "StatusList2021Entry"}


def old_list(data: bytes, encode: Any = base64.b64encode, purpose: object = "suspension") -> dict[str, Any]:
    text = encode(gzip.compress(data, mtime=0)).decode()
    return {"id": f"{URL}#list", "type": "StatusList2021", "statusPurpose": purpose, "encodedList": text}


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
def test_status_list_2021(encode: Any) -> None:
    bits, entry = Bits.new(), foreign.parse_entry_2021(OLD)
    bits.set(9)
    listed = old_list(bits.to_bytes(), encode)
    assert entry == Entry(URL, 9, "suspension")
    assert foreign.read_status_2021(entry, listed) == Status("suspension", 1)
    bare = {**listed, "encodedList": listed["encodedList"].rstrip("=")}
    assert not foreign.read_status_2021(entry, bare).stands
    assert foreign.read_status_2021(foreign.parse_entry_2021({**OLD, "statusListIndex": "8"}), listed).stands


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "BitstringStatusListEntry"},
        {"statusPurpose": "message"},
        {"statusListCredential": "urn:x:1"},
        {"statusListIndex": "x"},
    ],
)
def test_old_entries_out_of_form(changes: dict[str, Any]) -> None:
    with pytest.raises(StatusEntryInvalid):
        foreign.parse_entry_2021({**OLD, **changes})


GOOD = old_list(bytes(LIST_SIZE // 8))


@pytest.mark.parametrize(
    ("listed", "error"),
    [
        ({**GOOD, "type": "BitstringStatusList"}, StatusPurposeMismatch),
        ({**GOOD, "statusPurpose": "revocation"}, StatusPurposeMismatch),
        ({**GOOD, "encodedList": None}, StatusListEncoding),
        ({**GOOD, "encodedList": "H4sI *"}, StatusListEncoding),
        ({**GOOD, "encodedList": "H4sIA"}, StatusListEncoding),
        ({**GOOD, "encodedList": "AAAA"}, StatusListEncoding),
        ({**GOOD, "encodedList": "A" * (8 * 1024 * 1024 + 1)}, StatusListLength),
        (old_list(bytes(64 * 1024 * 1024)), StatusListLength),
        (old_list(bytes(100)), StatusListLength),
    ],
)
def test_old_lists_out_of_form(listed: dict[str, Any], error: type[StatusListError]) -> None:
    with pytest.raises(error):
        foreign.read_status_2021(foreign.parse_entry_2021(OLD), listed)


STATUS_1EDTECH, CREDENTIAL, ISSUER = {"id": URL, "type": "1EdTechRevocationList"}, "https://a.example/c/1", "did:x:1"
ROW = {"id": CREDENTIAL, "revocationReason": "issued in error"}


def read_1edtech(rows: object, credential: str = CREDENTIAL, **changes: Any) -> Status:
    document = {"id": URL, "issuer": ISSUER, "revokedCredential": rows, **changes}
    return foreign.read_revocation_list(STATUS_1EDTECH, document, credential_id=credential, issuer=ISSUER)


@pytest.mark.parametrize(
    ("rows", "credential", "value", "reason"),
    [
        ([], CREDENTIAL, 0, None),
        ([ROW], CREDENTIAL, 1, "issued in error"),
        (ROW, CREDENTIAL, 1, "issued in error"),
        ([ROW], "https://a.example/c/2", 0, None),
        ([{"id": " https://a.example/c/%31 ", "revoked": True}], CREDENTIAL, 1, None),
        ([{**ROW, "revoked": False}], CREDENTIAL, 0, None),
        ([ROW, {**ROW, "revocationReason": 1}], CREDENTIAL, 1, "issued in error"),
    ],
)
def test_the_1edtech_revocation_list(rows: object, credential: str, value: int, reason: str | None) -> None:
    found = read_1edtech(rows, credential)
    assert (found.purpose, found.value, found.reason, found.stands) == ("revocation", value, reason, value == 0)
    assert found.notes == ("the revocation list is not signed",)


def test_the_older_name_and_an_issuer_as_object() -> None:
    older = {"issuer": {"id": ISSUER}, "revokedCredentials": [ROW]}
    found = foreign.read_revocation_list(STATUS_1EDTECH, older, credential_id=CREDENTIAL, issuer=ISSUER)
    assert found.value == 1
    assert read_1edtech([], revokedCredentials=[ROW]).value == 1


@pytest.mark.parametrize(
    ("document", "error"),
    [
        ([], StatusEntryInvalid),
        ({"id": URL, "issuer": ISSUER}, StatusEntryInvalid),
        ({"id": URL, "issuer": ISSUER, "revokedCredential": ["x"]}, StatusEntryInvalid),
        ({"id": URL, "issuer": ISSUER, "revokedCredential": [{}]}, StatusEntryInvalid),
        ({"id": URL, "issuer": ISSUER, "revokedCredential": [{**ROW, "revoked": "no"}]}, StatusEntryInvalid),
        ({"id": URL, "issuer": ISSUER, "revokedCredential": [ROW] * 100_001}, StatusListLength),
        ({"id": URL + "/2", "issuer": ISSUER, "revokedCredential": []}, StatusPurposeMismatch),
        ({"id": 1, "issuer": ISSUER, "revokedCredential": []}, StatusPurposeMismatch),
        ({"id": URL, "issuer": "did:x:2", "revokedCredential": []}, StatusPurposeMismatch),
        ({"id": URL, "revokedCredential": []}, StatusPurposeMismatch),
    ],
)
def test_lists_that_must_not_be_taken_for_not_revoked(document: object, error: type[StatusListError]) -> None:
    with pytest.raises(error):
        foreign.read_revocation_list(STATUS_1EDTECH, document, credential_id=CREDENTIAL, issuer=ISSUER)
    with pytest.raises(StatusListError):
        foreign.read_revocation_list(STATUS_1EDTECH, document, credential_id=CREDENTIAL, issuer=None)


@pytest.mark.parametrize("identifier", ["", " "])
def test_a_credential_without_an_id_can_be_on_no_list(identifier: str) -> None:
    with pytest.raises(StatusEntryInvalid, match="the credential has no id"):
        read_1edtech([{"id": identifier}], identifier)


@pytest.mark.parametrize("entry", [{"type": "1EdTechRevocationList"}, {"id": URL, "type": "Other"}, {"id": "urn:x:1"}])
def test_no_1edtech_status(entry: dict[str, Any]) -> None:
    with pytest.raises(StatusEntryInvalid):
        foreign.revocation_list_url(entry)


def test_the_official_sample_names_its_list() -> None:
    path = shared_path("standards/samples/invalid/ob30/credential-status-revoked.json")
    sample = json.loads(path.read_bytes())
    url = foreign.revocation_list_url(sample["credentialStatus"])
    rows = [{"id": sample["id"], "revoked": True, "revocationReason": "test"}]
    document = {"id": url, "issuer": sample["issuer"]["id"], "revokedCredential": rows}
    found = foreign.read_revocation_list(
        sample["credentialStatus"], document, credential_id=sample["id"], issuer=sample["issuer"]["id"]
    )
    assert (found.value, found.reason, found.stands) == (1, "test", False)
