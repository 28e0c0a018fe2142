"""The pinned contexts are the published ones, and nothing else is a context."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from badgeissuer.errors import Misconfigured
from badgeissuer.resources import resource
from badgeissuer.vc import contexts
from badgeissuer.vc.contexts import CREDENTIALS_V2, OB_CONTEXTS, OB_V3P0_303, ContextStore, Edition, UnknownContext
from badgeissuer.vc.faults import MalformedJson
from tests.support.shared import shared_path

FOLDER = resource("schemas") / "contexts"
INDEX = json.loads((FOLDER / "index.json").read_text())


@pytest.mark.parametrize("row", INDEX, ids=lambda row: row["url"] + row.get("edition", ""))
def test_each_file_is_the_published_context(row: dict[str, str]) -> None:
    published = shared_path("standards/contexts")
    files = {entry["url"]: entry["file"] for entry in reversed(json.loads((published / "index.json").read_text()))}
    name = "ob-v3p0-context-3.0.3.2024.json" if row.get("edition") == "2024" else files[row["url"]]
    assert json.loads((FOLDER / row["file"]).read_bytes()) == json.loads((published / name).read_bytes())


def test_the_earlier_edition_lacks_the_two_newer_terms_and_changes_nothing_else() -> None:
    current, earlier = ContextStore.of_edition(Edition.CURRENT), ContextStore.of_edition(Edition.EARLIER)
    assert current is ContextStore.pinned()
    assert current.urls == earlier.urls
    assert {url for url in current.urls if current.content(url) != earlier.content(url)} == {OB_V3P0_303}
    old, new = (str(store.content(OB_V3P0_303)) for store in (earlier, current))
    assert [term in old for term in ("endorsementJwt", "jti")] == [False, False]
    assert [term in new for term in ("endorsementJwt", "jti")] == [True, True]


def test_the_two_contexts_that_we_issue_under_are_byte_for_byte_the_published_ones() -> None:
    published = shared_path("standards/contexts")
    assert ContextStore.pinned().content(CREDENTIALS_V2) == (published / "credentials-v2.jsonld").read_bytes()
    edition = published / "ob-v3p0-context-3.0.3.2026-06-29.json"
    assert ContextStore.pinned().content(OB_V3P0_303) == edition.read_bytes()


def test_credentials_v2_has_the_hash_that_the_recommendation_fixes() -> None:
    fixed = "59955ced6697d61e03f2b2556febe5308ab16842846f5b586d7f1f7adec92734"
    assert hashlib.sha256(ContextStore.pinned().content(CREDENTIALS_V2)).hexdigest() == fixed


def test_index_sums_and_folder_agree() -> None:
    sums = dict(reversed(line.split("  ")) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    assert sums == {row["file"]: row["sha256"] for row in INDEX}
    others = {"index.json", "SHA256SUMS", "README.md", ".gitattributes"}
    assert {path.name for path in FOLDER.iterdir()} == sums.keys() | others
    assert all(row[name] for row in INDEX for name in ("url", "file", "sha256", "source", "version", "licence"))


def test_every_named_context_is_pinned() -> None:
    named = {value for name, value in vars(contexts).items() if name.isupper() and isinstance(value, str)}
    assert named - {contexts.__name__} <= ContextStore.pinned().urls
    assert set(OB_CONTEXTS) <= ContextStore.pinned().urls
    assert ContextStore.pinned() is ContextStore.pinned()


def test_an_unknown_url_is_a_typed_error() -> None:
    with pytest.raises(UnknownContext) as caught:
        ContextStore.pinned().document("https://w3id.org/other")
    assert caught.value.code == "unknown-context"


def test_a_store_is_fixed_and_gives_copies() -> None:
    store = ContextStore.of({"urn:a": b'{"@context":{"x":"urn:x"}}'})
    store.document("urn:a")["@context"]["x"] = "urn:changed"
    assert store.document("urn:a") == {"@context": {"x": "urn:x"}}
    more = store.with_documents({"urn:a": b"{}", "urn:b": b"{}"})
    assert (store.urls, more.urls) == ({"urn:a"}, {"urn:a", "urn:b"})
    assert ContextStore.of({}, edition=Edition.EARLIER).with_documents({}).edition is Edition.EARLIER
    assert more.document("urn:a") == {}
    with pytest.raises(MalformedJson):
        ContextStore.of({"urn:a": b"[]"})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "contexts").mkdir()
    monkeypatch.setattr(contexts, "resource", lambda name: tmp_path)
    # The store that other tests hold stays the remembered one.
    monkeypatch.setattr(contexts, "_pinned", contexts._pinned.__wrapped__)
    return tmp_path / "contexts"


def test_a_changed_file_stops_the_start(folder: Path) -> None:
    (folder / "a.json").write_bytes(b"{}")
    (folder / "index.json").write_text(json.dumps([{"url": "urn:a", "file": "a.json", "sha256": "0" * 64}]))
    with pytest.raises(Misconfigured, match=r"a\.json has been changed"):
        ContextStore.pinned()


@pytest.mark.parametrize("index", [None, "[{}]", "{", '[{"url":"u","file":"missing.json","sha256":"0"}]', "[1]"])
def test_a_broken_installation_stops_the_start(folder: Path, index: str | None) -> None:
    if index is not None:
        (folder / "index.json").write_text(index)
    with pytest.raises(Misconfigured, match="cannot be read"):
        ContextStore.pinned()
