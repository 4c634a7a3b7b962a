# SPDX-License-Identifier: EUPL-1.2
"""EU DSS and digidoc4j as counterparties: the Java programs of ``tests/interop``, built by Maven, run one at a time.

Maven resolves the pinned artifacts once (its own cache), afterwards it works offline; what it builds lies in ``build/``.
Nothing of theirs is part of the gateway: a machine without Java skips these tests and says so.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
_SOURCES = REPOSITORY / "tests/interop"
_BUILT = REPOSITORY / "build/interop"
_SECONDS = 560


@dataclass(frozen=True, slots=True, kw_only=True)
class Programs:
    """One Maven project, compiled."""

    class_path: str

    def run(self, program: str, *arguments: str | Path, lines: Iterable[str | Path] = ()) -> list[dict]:
        """The JSON lines it prints. ``lines`` go to its standard input."""
        command = [_java(), "-Xmx1g", "-XX:+UseSerialGC", "-Dfile.encoding=UTF-8", "-cp", self.class_path]
        done = subprocess.run(
            [*command, f"interop.{program}", *map(str, arguments)],
            input="".join(f"{line}\n" for line in lines).encode(),
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},  # else Java cannot name a file with an umlaut
        )
        assert not done.returncode, done.stderr.decode(errors="replace")[-2000:]
        return [json.loads(line) for line in done.stdout.splitlines()]


@cache
def programs(project: str) -> Programs:
    """``dss`` or ``digidoc4j``, compiled; skips where that is impossible here."""
    _java()
    if (maven := shutil.which("mvn")) is None:
        pytest.skip("Maven is not installed (mvn)")
    target = _BUILT / project
    target.mkdir(parents=True, exist_ok=True)
    goals = ["compile", "dependency:build-classpath", f"-Dmdep.outputFile={target / 'class-path'}"]
    command = [
        maven,
        "-q",
        "-B",
        "-ntp",
        "-f",
        str(_SOURCES / project),
        f"-Dinterop.directory={target}",
        *goals,
    ]
    for attempt in ([*command, "-o"], command):
        done = subprocess.run(attempt, capture_output=True, text=True, timeout=_SECONDS, check=False)
        if not done.returncode:
            libraries = (target / "class-path").read_text().strip()
            return Programs(class_path=f"{target / 'classes'}{os.pathsep}{libraries}")
    if "COMPILATION ERROR" in done.stdout:
        raise AssertionError(done.stdout)
    pytest.skip(f"Maven cannot fetch {project}: {done.stdout.strip().splitlines()[:1]}")


def _java() -> str:
    if (java := shutil.which("java")) is None:
        pytest.skip("Java is not installed (java)")
    return java


def instant(moment: datetime) -> str:
    """As the Java programs read it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
