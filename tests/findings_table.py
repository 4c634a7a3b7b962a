# SPDX-License-Identifier: EUPL-1.2
"""What senders are told about bundles that are broken on purpose, finding by finding, kept in ``tests/vectors/findings``.

Codes are asserted where each check is tested; here place, expectation and what stood there are, for all of them at
once. After a change of words: ``PYTHONPATH=.:tests python tests/findings_table.py``, and read the difference.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from asic_cases import (
    BROKEN_MANIFESTS,
    DAMAGED,
    DOCUMENT,
    FORMS,
    LOOK_ALIKES,
    META,
    MIMETYPES,
    MISMATCHES,
    ODD_TYPES,
    manifest,
)
from zip_attacks import ATTACKS, BAD_NAMES, LIES, LIMITS, NESTED, file
from zip_forge import File, asic, files_of, forge

from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.source import MemorySource
from gateway.policy import ContainerPolicy, Reaction
from gateway.stages.container import digest_entries, open_container

FOLDER = Path(__file__).parent / "vectors" / "findings"
_HEAD = ("case", "severity", "code", "place", "expected", "got")
_MOST = 12  # of one case
Cases = Iterator[tuple[str, tuple[Finding, ...]]]


def table(name: str) -> str:
    """The table as text, one finding a line."""
    rows = ["\t".join(_HEAD)]
    for case, findings in TABLES[name]():
        for finding in findings[:_MOST]:
            cells = (case, finding.severity, finding.code, finding.place, finding.expected, finding.got)
            rows.append("\t".join(ascii(str(cell))[1:-1] for cell in cells))
        if not findings:
            rows.append(f"{case}\tnothing")
    return "\n".join(rows) + "\n"


def _archives() -> Cases:
    yield from ((case, _of_archive(data)) for case, (data, _) in ATTACKS.items())
    yield from ((f"large: {case}", _of_archive(data)) for case, (data, _) in LIES.items())
    for case, name in BAD_NAMES.items():
        entry = file(name, data=b"" if name.endswith("/") else b"<a/>", method=0)
        yield f"name: {case}", _of_archive(forge([entry]))
    yield from ((f"limit: {case}", _of_archive(data, policy)) for case, (data, policy) in LIMITS.items())


def _of_archive(data: bytes, policy: ContainerPolicy | None = None) -> tuple[Finding, ...]:
    try:
        files_of(data, policy)
    except Rejected as rejected:
        return rejected.findings
    return ()


def _containers() -> Cases:
    for cases in (MIMETYPES, ODD_TYPES, FORMS, LOOK_ALIKES, DAMAGED):
        yield from ((case, _of_container(files)) for case, files in cases.items())
    for name in META:
        yield name, _of_container([*asic(DOCUMENT), File(name=name, data=b"<x/>")])
    for case, rows in MISMATCHES.items():
        yield f"manifest: {case}", _of_container([*asic(DOCUMENT), manifest(*rows)])
    for case, (data, _) in BROKEN_MANIFESTS.items():
        yield (
            f"manifest: {case}",
            _of_container([*asic(DOCUMENT), File(name="META-INF/manifest.xml", data=data)]),
        )
    for case, magic in NESTED.items():
        yield f"inside: {case}", _of_container([*asic(file(data=magic + b"rest"))])


def _of_container(files: Iterable[File]) -> tuple[Finding, ...]:
    policy = ContainerPolicy(nested_archive=Reaction.WARNING, max_meta_bytes=2000)
    try:
        opened = open_container(MemorySource(forge(files)), policy=policy)
    except Rejected as rejected:
        return rejected.findings
    digested = digest_entries(opened, policy=policy, algorithms=frozenset(), keep=lambda _: False)
    return (*opened.findings, *digested.findings)


TABLES = {"archives": _archives, "containers": _containers}


def main() -> None:
    """Write all tables."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        text = table(name)
        (FOLDER / f"{name}.tsv").write_text(text, encoding="ascii")
        sys.stdout.write(f"{name}: {text.count(chr(10)) - 1} findings\n")


if __name__ == "__main__":
    main()
