"""What holds for every file: no traces of one machine, files of a readable size, no test that is switched off."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, python_files, text_files

# Put together from parts, so that this file does not hold what it forbids.
_MACHINE = [
    re.compile(pattern)
    for pattern in (
        r"(?<![\w.])/" + r"work/(?:main|shared|\.library)",
        r"(?<![\w.])/" + r"root/",
        r"(?<![\w.])/" + r"(?:home|Users)/\w+",
        r"/opt/" + r"(?:wheels|pypi)",
        r"\.pyenv/" + r"versions",
    )
]
_REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("deb", "debian", "org"),
        ("registry", "yarnpkg", "com"),
    )
]
_LIMIT = 300
# Longer on purpose, each with its reason.
_LONG: dict[str, str] = {}


def test_no_file_names_a_machine_or_a_package_registry() -> None:
    found = [
        f"{path}: {match}"
        for path, text in text_files()
        for match in [
            *(hit.group() for pattern in _MACHINE for hit in pattern.finditer(text)),
            *(host for host in _REGISTRIES if host in text),
        ]
    ]
    assert found == []


def test_no_source_file_is_too_long_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files("src")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > _LIMIT
    }
    assert {name: lines for name, lines in long.items() if name not in _LONG} == {}
    assert sorted(set(_LONG) - set(long)) == [], "no longer too long: take it off the list"


@pytest.mark.parametrize("path", python_files("tests"), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_test_is_switched_off(path: Path) -> None:
    assert _switched_off(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("import pytest\n@pytest.mark.skip\ndef test_a(): ...", [2]),
        ("import pytest\n@pytest.mark.skip(reason='x')\ndef test_a(): ...", [2]),
        ("import pytest\n@pytest.mark.skipif(True, reason='x')\ndef test_a(): ...", [2]),
        ("import pytest\n@pytest.mark.xfail\ndef test_a(): ...", [2]),
        ("import pytest\npytestmark = pytest.mark.skip(reason='x')", [2]),
        ("import pytest\npytest.skip('x', allow_module_level=True)", [2]),
        ("import pytest\ndef test_a():\n    'why'\n    pytest.skip('x')\n    assert False", [4]),
        ("import pytest\ndef test_a(tool):\n    if tool is None:\n        pytest.skip('x')\n    assert tool", []),
        ("import pytest, sys\n@pytest.mark.skipif(sys.platform == 'win32', reason='x')\ndef test_a(): ...", []),
    ],
)
def test_the_search_for_switched_off_tests_finds_them(source: str, lines: list[int]) -> None:
    assert _switched_off(ast.parse(source)) == lines


def _switched_off(tree: ast.Module) -> list[int]:
    """Line numbers of skips that no condition guards, and of xfail marks."""
    found: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="skipif"), args=[ast.Constant(), *_]):
                found.add(node.lineno)
            case ast.Attribute(value=ast.Attribute(attr="mark"), attr="skip" | "xfail"):
                found.add(node.lineno)
            case ast.Module(body=body) | ast.FunctionDef(body=body) | ast.AsyncFunctionDef(body=body):
                if isinstance(node, ast.Module) or node.name.startswith("test"):
                    found.update(statement.lineno for statement in body if _skips(statement))
            case _:
                pass
    return sorted(found)


def _skips(statement: ast.stmt) -> bool:
    match statement:
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="pytest"), attr="skip"))):
            return True
        case _:
            return False
