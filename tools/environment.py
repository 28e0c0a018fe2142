"""Make ``.venv`` fit the lock files, with nothing but the standard library: ``python3 tools/environment.py run|dev``.

uv does the installing where it can be had (seconds), pip otherwise (a minute or two); both check every hash. A stamp in
``.venv`` names the lock files that were installed, so a second call returns at once. Set ``BADGEISSUER_NO_UV=1`` to use
pip in any case.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}
BUILD_LOCK = "requirements-build.lock"
OLDEST = (3, 11)


def main(kind: str) -> int:
    if sys.version_info < OLDEST:
        print(f"badgeissuer needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 1
    if _stamped(kind):
        return 0
    started = not _works(PYTHON)
    if started:
        _say(f"making .venv with Python {sys.version.split()[0]}")
        _make_venv()
    _say(f"installing {LOCKS[kind]}")
    if not _install_with_uv(kind):
        _install_with_pip(kind)
    for done in ("run", "dev") if kind == "dev" else ("run",):
        _stamp_file(done).write_text(_fingerprint(done), encoding="utf-8")
    return 0


def _stamped(kind: str) -> bool:
    stamp = _stamp_file(kind)
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _fingerprint(kind) and _works(PYTHON)


def _stamp_file(kind: str) -> Path:
    return VENV / f".installed-{kind}"


def _fingerprint(kind: str) -> str:
    """Changes with the lock files, the project's metadata and the folder (the editable install names it)."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", LOCKS[kind]):
        digest.update(hashlib.sha256((ROOT / name).read_bytes()).digest())
    return digest.hexdigest()


def _works(python: Path) -> bool:
    """Whether the interpreter runs (its base may have been removed) and is new enough."""
    if not python.exists():
        return False
    test = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    return subprocess.run([python, "-c", test], capture_output=True, check=False).returncode == 0


def _make_venv() -> None:
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], check=False)
    if made.returncode != 0 or not _pip_works():
        shutil.rmtree(VENV, ignore_errors=True)
        raise SystemExit(
            "this Python cannot make virtual environments with pip; on Debian and Ubuntu: apt-get install python3-venv"
        )


def _pip_works() -> bool:
    return subprocess.run([PYTHON, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0


def _install_with_uv(kind: str) -> bool:
    """False where uv cannot be installed or fails (no wheel for this platform, a certificate it does not accept)."""
    if os.environ.get("BADGEISSUER_NO_UV"):
        return False
    environment = os.environ | {
        # Networks with their own certificate authority are common in schools: trust what the system trusts.
        "UV_SYSTEM_CERTS": "1",
        "UV_NATIVE_TLS": "1",
        "UV_PYTHON_DOWNLOADS": "never",
        "VIRTUAL_ENV": str(VENV),
    }
    if not (VENV / "bin" / "uv").exists():
        got = _pip("--only-binary", ":all:", "--require-hashes", "-r", BUILD_LOCK, check=False)
        if got.returncode != 0:
            _say("uv cannot be installed here; using pip")
            return False
    install: list[str | Path] = [VENV / "bin" / "uv", "pip", "install", "--quiet", "--python", PYTHON]
    for arguments in (
        ["--require-hashes", "-r", BUILD_LOCK, "-r", LOCKS[kind]],
        ["--no-deps", "--no-build-isolation", "--editable", "."],
    ):
        if subprocess.run([*install, *arguments], cwd=ROOT, env=environment, check=False).returncode != 0:
            _say("uv did not manage; trying again with pip")
            return False
    return True


def _install_with_pip(kind: str) -> None:
    _pip("--require-hashes", "-r", LOCKS[kind])
    built_here = _pip("--require-hashes", "-r", BUILD_LOCK, check=False, quiet=True).returncode == 0
    _pip("--no-deps", *(["--no-build-isolation"] if built_here else []), "--editable", ".")


def _pip(*arguments: str, check: bool = True, quiet: bool = False) -> subprocess.CompletedProcess[bytes]:
    command: list[str | Path] = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=quiet, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"pip could not install ({' '.join(arguments)}); see its message above")
    return done


def _say(text: str) -> None:
    print(f"[environment] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in LOCKS:
        raise SystemExit("usage: python3 tools/environment.py run|dev")
    sys.exit(main(sys.argv[1]))
