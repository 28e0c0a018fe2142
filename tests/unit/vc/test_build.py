"""From facts to the unsigned document: canonical array form, and nothing in it that the facts do not say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from badgeissuer.vc import lint
from badgeissuer.vc.build import (
    EvidenceFacts,
    ResultFacts,
    clr_credential,
    open_badge_credential,
    timestamp,
    uses_extensions,
)
from badgeissuer.vc.contexts import OB_CONTEXTS, OB_EXTENSIONS
from tests.support import issued, records


def test_the_least_badge() -> None:
    assert open_badge_credential(issued.minimal_facts()) == {
        "@context": list(OB_CONTEXTS),
        "id": f"{issued.BASE}/credentials/6a1f0f5e-52a7-4a2e-8a6a-0e5c8f6d1c01",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": issued.DID, "type": ["Profile"], "name": "KVEC"},
        "validFrom": "2026-03-01T12:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:b7a0d4e6-3d1c-4c8e-9e0f-5a4b3c2d1e0f",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": f"{issued.BASE}/achievements/1",
                "type": ["Achievement"],
                "name": "A",
                "description": "B",
                "criteria": {"narrative": "C"},
            },
        },
        "credentialStatus": {
            "id": f"{issued.LIST_URL}#94567",
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": "94567",
            "statusListCredential": issued.LIST_URL,
        },
    }


def test_the_fullest_badge_says_all_of_its_facts() -> None:
    document = open_badge_credential(issued.facts())
    assert document["awardedDate"] == "2026-02-27T12:00:00Z"
    assert document["validUntil"] == "2027-03-01T12:00:00Z"
    assert document["name"] == "Assessment Literacy"
    assert document["credentialSubject"]["creditsEarned"] == 1.5
    assert document["credentialSubject"]["activityStartDate"] == "2026-01-20T12:00:00Z"
    assert document["credentialSubject"]["activityEndDate"] == "2026-02-19T12:00:00Z"
    assert document["credentialSubject"]["result"] == [
        {
            "type": ["Result"],
            "resultDescription": "urn:uuid:5b6a1c2d-3e4f-4a5b-8c6d-000000000001",
            "achievedLevel": "urn:uuid:7d8c1f0e-2a3b-4c5d-8e9f-000000000003",
        }
    ]
    assert document["issuer"] == issued.issuer()
    assert document["credentialSubject"]["achievement"] == issued.achievement()


def test_evidence_has_its_link_only_where_it_is_given() -> None:
    shared, kept = open_badge_credential(issued.facts())["evidence"]
    assert shared["id"] == f"{issued.BASE}/e/1"
    assert shared.keys() == {
        "id", "type", "name", "description", "narrative", "genre", "audience", "digestMultibase",
    }  # fmt: skip
    assert kept.keys() == {"type", "name", "digestMultibase"}


def test_one_value_becomes_an_array_of_one_and_nulls_go() -> None:
    facts = replace(
        issued.minimal_facts(),
        issuer={"id": issued.DID, "type": "Profile", "name": "KVEC", "phone": None},
        achievement={**issued.minimal_facts().achievement, "type": "Achievement", "tag": "one", "alignment": []},
    )
    document = open_badge_credential(facts)
    assert document["issuer"] == {"id": issued.DID, "type": ["Profile"], "name": "KVEC"}
    assert document["credentialSubject"]["achievement"]["tag"] == ["one"]
    assert "alignment" not in document["credentialSubject"]["achievement"]


def test_what_does_not_fit_stays_where_it_is_for_the_inspection_to_name() -> None:
    achievement = {name: value for name, value in issued.achievement().items() if name != "criteria"}
    document = open_badge_credential(replace(issued.facts(), achievement=achievement))
    faults = lint.inspect(document, now=issued.NOW)
    assert [(fault.pointer, fault.detail) for fault in faults] == [
        ("/credentialSubject/achievement/criteria", "is required")
    ]


@pytest.mark.parametrize(("given", "written"), [(3.0, 3), (2, 2), (0.5, 0.5), (None, None)])
def test_whole_credits_are_integers(given: float | None, written: float | None) -> None:
    subject = open_badge_credential(replace(issued.facts(), credits_earned=given))["credentialSubject"]
    assert repr(subject.get("creditsEarned")) == repr(written)


def test_the_extensions_context_comes_with_its_types_only() -> None:
    service = {"id": "https://a.example/refresh", "type": "1EdTechCredentialRefresh"}
    profile = {**issued.issuer(), "endorsement": [{"type": ["VerifiableCredential"], "refreshService": service}]}
    assert open_badge_credential(replace(issued.facts(), issuer=profile))["@context"] == [*OB_CONTEXTS, OB_EXTENSIONS]
    assert open_badge_credential(issued.facts())["@context"] == list(OB_CONTEXTS)
    assert uses_extensions({"type": [5, "1EdTechRevocationList"]})
    assert not uses_extensions({"name": "1EdTechRevocationList", "type": 5})


def test_time_stamps_are_whole_seconds_in_utc() -> None:
    moment = datetime(2026, 3, 1, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=-5)))
    assert timestamp(moment) == "2026-03-01T17:00:00Z"
    assert timestamp(datetime(2026, 3, 1, tzinfo=UTC)) == "2026-03-01T00:00:00Z"


def test_a_value_and_a_status_are_results_too() -> None:
    results = (ResultFacts("urn:x:1", value="B"), ResultFacts("urn:x:2", status="Completed"))
    subject = open_badge_credential(replace(issued.facts(), results=results))["credentialSubject"]
    assert subject["result"] == [
        {"type": ["Result"], "resultDescription": "urn:x:1", "value": "B"},
        {"type": ["Result"], "resultDescription": "urn:x:2", "status": "Completed"},
    ]


def test_evidence_may_be_nameless() -> None:
    document = open_badge_credential(
        replace(issued.facts(), evidence=(EvidenceFacts(None, url="https://a.example/e"),))
    )
    assert document["evidence"] == [{"id": "https://a.example/e", "type": ["Evidence"]}]


def test_endorsements_go_in_as_they_are_after_those_that_stand_there_and_each_once() -> None:
    signed = records.signed_endorsement()
    other = {**signed, "id": f"{issued.BASE}/endorsements/2"}
    facts = issued.facts()
    written = {**facts.achievement, "endorsement": other}
    document = open_badge_credential(
        replace(facts, achievement=written, achievement_endorsements=(signed, other), issuer_endorsements=(signed,))
    )
    assert document["credentialSubject"]["achievement"]["endorsement"] == [other, signed]
    assert list(document["credentialSubject"]["achievement"]["endorsement"][1]) == list(signed)
    assert document["issuer"]["endorsement"] == [signed]
    plain = open_badge_credential(replace(facts, achievement=written, achievement_endorsements=(other,)))
    assert plain["credentialSubject"]["achievement"]["endorsement"] == [other]
    assert "endorsement" not in plain["issuer"]


def test_a_record_carries_endorsements_as_they_are_and_evidence_in_short() -> None:
    endorsement = records.signed_endorsement()
    evidence = EvidenceFacts(name="Assessment plan", genre="Lesson plan", sha256=b"\1" * 32)
    facts = replace(records.clr_facts(), endorsements=(endorsement,), evidence=(evidence,))
    document = clr_credential(facts)
    assert document["endorsement"] == [endorsement]
    assert document["evidence"] == [
        {
            "type": ["Evidence"],
            "name": "Assessment plan",
            "genre": "Lesson plan",
            "digestMultibase": "uEiABAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ",
        }
    ]
    assert lint.inspect_clr(document, now=issued.NOW) == []
    assert not records.prepared_clr(document).canonical.dropped
