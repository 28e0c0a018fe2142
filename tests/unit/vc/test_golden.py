"""The bytes that we issue for given facts do not change by accident."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from badgeissuer.vc.status import Bits
from tests.golden import rebuild
from tests.support import issued


def test_the_golden_documents_are_what_we_issue_now() -> None:
    assert rebuild.differing() == []


def test_the_given_lists_are_those_of_the_bits() -> None:
    bits = Bits.new()
    assert Bits.from_encoded(rebuild.EMPTY).to_bytes() == bits.to_bytes()
    bits.set(issued.INDEX)
    assert Bits.from_encoded(rebuild.ONE_REVOKED).to_bytes() == bits.to_bytes()


@pytest.mark.parametrize("name", ["badge-full", "badge-minimal"])
def test_golden_badges_verify_from_golden_documents_alone(name: str) -> None:
    """The files are enough: the pinned DID document and list, none of them made by this test."""
    read = {path.name: path.read_bytes() for path in rebuild.FOLDER.glob("*.json")}
    world = {issued.DID: json.loads(read["did.json"])}
    outcomes = {
        list_name: issued.report_on(
            read[f"{name}.json"], controllers=world, lists={issued.LIST_URL: read[f"{list_name}.json"]}
        ).outcome
        for list_name in ("status-list-empty", "status-list-one-revoked")
    }
    assert outcomes == {"status-list-empty": "valid", "status-list-one-revoked": "revoked"}


def test_the_check_names_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(rebuild, "FOLDER", tmp_path)
    (tmp_path / "left-over.json").write_text("{}")
    assert rebuild.main(["--check"]) == 1
    assert "left-over.json would change" in capsys.readouterr().out
    assert rebuild.main([]) == 0
    assert rebuild.main(["--check"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(rebuild.documents())
