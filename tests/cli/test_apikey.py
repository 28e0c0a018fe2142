from __future__ import annotations

import pytest

from badgeissuer.cli.exits import Exit
from badgeissuer.rules.terms import ClientKind
from badgeissuer.services.access import DEFAULT_SCOPES, SCOPES
from tests.cli.conftest import Shell


def test_keys_need_no_passphrase(without_passphrase: Shell) -> None:
    made = without_passphrase.json("apikey", "create", "--platform", "LMS")
    assert made["key"].startswith(f"bi_{made['prefix']}_")
    assert made["scopes"] == sorted(SCOPES)
    assert (made["kind"], made["issuers"], made["all_issuers"]) == ("platform", [], False)
    (listed,) = without_passphrase.json("apikey", "list")["items"]
    assert listed["prefix"] == made["prefix"]
    assert made["key"] not in str(listed)


def test_the_key_alone_is_on_stdout(shell: Shell) -> None:
    done = shell("apikey", "create", "--platform", "LMS")
    assert done.code == 0
    assert done.out.startswith("bi_")
    assert done.out.count("\n") == 1


def test_an_agency_without_issuers_reads_all_and_is_told_so(shell: Shell) -> None:
    done = shell("apikey", "create", "--agency", "State Department of Education", "--json")
    assert done.json["all_issuers"] is True
    assert done.json["scopes"] == sorted(DEFAULT_SCOPES[ClientKind.AGENCY])
    assert "EVERY issuer" in done.err
    assert "every issuer" in shell("apikey", "list").out


def test_an_agency_with_issuers_reads_those(shell: Shell) -> None:
    for slug in ("kvec", "iris"):
        shell.json("issuer", "create", slug, "--name", slug)
    done = shell("apikey", "create", "--agency", "KDE", "--for-issuer", "kvec", "--for-issuer", "iris", "--json")
    assert (done.json["issuers"], done.json["all_issuers"]) == (["kvec", "iris"], False)
    assert "EVERY" not in done.err
    assert shell.json("apikey", "list")["items"][0]["issuers"] == ["iris", "kvec"]


def test_an_agency_only_reads(shell: Shell) -> None:
    done = shell("apikey", "create", "--agency", "KDE", "--scopes", "awards:read,clrs:write")
    assert done.code == Exit.REFUSED
    assert "only reads: clrs:write" in done.err
    made = shell.json("apikey", "create", "--agency", "KDE", "--scopes", "awards:read,clrs:read")
    assert made["scopes"] == ["awards:read", "clrs:read"]


def test_scopes_by_comma_and_repeated(shell: Shell) -> None:
    made = shell.json(
        "apikey", "create", "--platform", "LMS", "--scopes", "awards:read, awards:write", "--scopes", "decisions:read"
    )
    assert made["scopes"] == ["awards:read", "awards:write", "decisions:read"]
    done = shell("apikey", "create", "--platform", "LMS", "--scopes", "awards:eat")
    assert done.code == Exit.REFUSED
    assert "awards:eat" in done.err


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), Exit.USAGE),
        (("--platform", "a", "--agency", "b"), Exit.USAGE),
        (("--platform", " "), Exit.USAGE),
        (("--issuer", "kvec", "--for-issuer", "iris"), Exit.USAGE),
        (("--issuer", "nowhere"), Exit.NOT_FOUND),
        (("--platform", "a", "--for-issuer", "nowhere"), Exit.NOT_FOUND),
    ],
)
def test_what_does_not_fit_is_refused(shell: Shell, options: tuple[str, ...], code: Exit) -> None:
    assert shell("apikey", "create", *options).code == code
    assert shell.json("apikey", "list") == {"items": []}


def test_a_key_is_revoked_once_by_prefix_or_whole(shell: Shell) -> None:
    made = shell.json("apikey", "create", "--platform", "LMS")
    first = shell.json("apikey", "revoke", made["key"])
    assert first["revoked_at"]
    assert shell.json("apikey", "revoke", made["prefix"])["revoked_at"] == first["revoked_at"]
    assert shell("apikey", "revoke", "0123456789ab").code == Exit.NOT_FOUND
    assert shell.json("apikey", "list")["items"][0]["revoked_at"] == first["revoked_at"]


def test_an_empty_list_says_what_to_do(shell: Shell) -> None:
    done = shell("apikey", "list")
    assert (done.code, done.out) == (0, "")
    assert "badgeissuer apikey create" in done.err


def test_an_agency_reads_by_consent_to_a_purpose(shell: Shell) -> None:
    done = shell("apikey", "create", "--agency", "KDE", "--consent-purpose", " Licence renewal ", "--json")
    assert (done.json["consent_purpose"], done.json["all_issuers"]) == ("Licence renewal", True)
    assert "EVERY issuer" not in done.err
    assert shell.json("apikey", "list")["items"][0]["consent_purpose"] == "Licence renewal"
    assert "Licence renewal" in shell("apikey", "list").out
    for options in (("--platform", "LMS"), ("--agency", "KDE")):
        purpose = "Licence renewal" if options[0] == "--platform" else " "
        assert shell("apikey", "create", *options, "--consent-purpose", purpose).code == Exit.USAGE
