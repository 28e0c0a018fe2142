"""``badgeissuer preflight``: files in every form, exit codes, and that it needs nothing but the file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from badgeissuer.cli.exits import NO_VERDICT, Exit
from badgeissuer.vc.bake import bake
from badgeissuer.vc.preflight import KNOWN_TARGETS, Target, preflight
from tests.cli.conftest import Shell
from tests.support.preflighted import FULL, PNG, SVG, changed, token

JWT = token()
REFUSED = changed(endorsementJwt=["a.b.c"])
FORMS: dict[str, bytes] = {
    "badge.json": json.dumps(FULL).encode(),
    "badge.jwt": f"{JWT}\n".encode(),
    "badge.png": bake(PNG, json.dumps(FULL)),
    "badge.svg": bake(SVG, json.dumps(FULL)),
    "jwt.png": bake(PNG, JWT),
}


def _file(folder: Path, data: bytes, name: str = "file") -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_file_is_read(empty: Shell, tmp_path: Path, name: str) -> None:
    path = _file(tmp_path, FORMS[name], name)
    expected = {target.value: preflight(FORMS[name], target).verdict.value for target in KNOWN_TARGETS}
    for done in (empty("preflight", path, "--json"), empty("preflight", "-", "--json", stdin=FORMS[name])):
        assert {found["target"]: found["verdict"] for found in done.json["targets"]} == expected
        assert done.code == (Exit.OK if set(expected.values()) == {"imports"} else NO_VERDICT)
        assert done.code == (NO_VERDICT if "jwt" in name else Exit.OK)
    # It made no database and read none.
    assert not empty.data_dir.exists()


@pytest.mark.parametrize(
    ("targets", "code"),
    [
        ((), Exit.REFUSED),
        (("openbadgeslib",), Exit.OK),
        (("openbadgeslib", "1edtech-validator"), Exit.OK),
        (("learncard",), Exit.REFUSED),
        (("openbadgeslib", "learncard"), Exit.REFUSED),
        (("canvas",), NO_VERDICT),
        (("openbadgeslib", "canvas"), NO_VERDICT),
        (("canvas", "learncard"), Exit.REFUSED),
        (("linkedin",), Exit.REFUSED),
    ],
)
def test_the_exit_code_is_about_what_was_asked(
    empty: Shell, tmp_path: Path, targets: tuple[str, ...], code: Exit
) -> None:
    path = _file(tmp_path, json.dumps(REFUSED).encode())
    options = [option for target in targets for option in ("--target", target)]
    done = empty("preflight", path, *options)
    assert done.code == code
    shown = [line.split()[0] for line in done.out.splitlines() if line.split()[:1] and line.split()[0] in set(Target)]
    assert shown == list(targets or (target.value for target in KNOWN_TARGETS))
    assert empty("preflight", path, *options, "--json").code == code


def test_people_are_told_why_and_what_to_do(empty: Shell, tmp_path: Path) -> None:
    done = empty("preflight", _file(tmp_path, json.dumps(REFUSED).encode()), "--target", "learncard")
    assert done.out.splitlines()[:3] == [
        "learncard                  WILL NOT IMPORT",
        "  error    /endorsementJwt: the edition of the 3.0.3 context in this engine does not define endorsementJwt",
        "           embed endorsements as JSON (endorsement) [endorsement-jwt; measured with LearnCard's engine]",
    ]
    assert done.out.splitlines()[-1] == "WILL NOT IMPORT: learncard"


def test_all_targets_and_how_it_ends(empty: Shell, tmp_path: Path) -> None:
    path = _file(tmp_path, json.dumps(FULL).encode())
    done = empty("preflight", path, "--all")
    assert (done.code, done.out.splitlines()[-3:]) == (
        Exit.REFUSED,
        [
            "WILL NOT IMPORT: linkedin",
            "NOT KNOWN: credly, canvas",
            "IMPORTS: 1edtech-validator, learner-credential-wallet, learncard, openbadgeslib",
        ],
    )
    assert [found["target"] for found in empty("preflight", path, "--all", "--json").json["targets"]] == list(Target)
    assert empty("preflight", path, "--all", "--target", "canvas").code == Exit.USAGE


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"[]", b"eyJ.eyJ.sig", PNG, b"\xff\xfe"])
def test_what_is_no_credential_imports_nowhere(empty: Shell, tmp_path: Path, data: bytes) -> None:
    done = empty("preflight", _file(tmp_path, data))
    assert done.code == Exit.REFUSED
    assert "give the credential as issued [unreadable; " in done.out


def test_a_document_full_of_findings_is_cut_short(empty: Shell, tmp_path: Path) -> None:
    document = changed(**{f"x{number}": number for number in range(150)})
    done = empty("preflight", _file(tmp_path, json.dumps(document).encode()), "--target", "learner-credential-wallet")
    assert "           … and 50 more" in done.out.splitlines()


def test_without_a_file_or_with_a_strange_target_there_is_no_verdict(empty: Shell, tmp_path: Path) -> None:
    done = empty("preflight", str(tmp_path / "gone.json"), "--json")
    assert (done.code, done.json["error"]["code"]) == (NO_VERDICT, "not-found")
    done = empty("preflight", _file(tmp_path, b"{}"), "--target", "wallet")
    assert done.code == Exit.USAGE
