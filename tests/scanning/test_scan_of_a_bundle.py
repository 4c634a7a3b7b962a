# SPDX-License-Identifier: EUPL-1.2
"""What of a bundle is scanned, when, and what becomes of the verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from signed_bundles import FILES, NOW, POLICY, SIGNATURES, packed, signing_identity, world
from zip_forge import File, asic, forge

from gateway.catalogue import data_root
from gateway.codes import Code
from gateway.examination import Knowledge, examine
from gateway.findings import Finding
from gateway.knowledge import knowledge_of
from gateway.model.scan import ScannerFault, ScannerUnavailable, ScanTerms, Screened, Suspect
from gateway.model.source import MemorySource
from gateway.model.trust import TrustMaterial
from gateway.policy import Policy
from gateway.scanning.bundle import screen_bundle
from gateway.stages.container import open_container

TERMS = ScanTerms(
    engine="ClamAV 1.4.6", database="27800", database_date=NOW, asked=1, seconds=7, max_file_bytes=1 << 20
)
SAID = {"engine": "ClamAV 1.4.6", "database": "27800", "database_date": NOW.isoformat()}


@dataclass
class Screen:
    """A scanner that finds malware in the files it is told to."""

    bad: frozenset[str] = frozenset()
    seen: dict[str, bytes] = field(default_factory=dict)

    def screen(self, files: Iterable[Suspect]) -> Screened:
        for file in files:
            self.seen[file.name] = b"".join(file.chunks)
        findings = [
            Finding(code=Code.MALWARE_FOUND, place=name, got="Eicar")
            for name in self.seen
            if name in self.bad
        ]
        return Screened(terms=TERMS, files=len(self.seen), findings=tuple(findings))


class BrokenScreen(Screen):
    def screen(self, files: Iterable[Suspect]) -> Screened:
        raise ScannerUnavailable(ScannerFault.BROKE_OFF)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return replace(knowledge_of(data_root(), TrustMaterial(), Policy()), signature_policy=POLICY)


@pytest.fixture(scope="module")
def bundle() -> bytes:
    return packed(FILES, identity=signing_identity(world().seal), moment=NOW)


def examined(container: bytes, knowledge: Knowledge, screen: Screen | None):
    return examine(MemorySource(container), knowledge, NOW, screen=screen)


def test_every_file_is_scanned_as_it_was_packed(knowledge, bundle):
    screen = Screen()
    report = examined(bundle, knowledge, screen).report

    assert FILES == {name: data for name, data in screen.seen.items() if name in FILES}
    assert {SIGNATURES, "META-INF/manifest.xml", "mimetype"} == set(screen.seen) - set(FILES)
    assert {**SAID, "files": len(screen.seen)} == report["scan"]


def test_malware_is_told_together_with_everything_else(knowledge, bundle):
    without, found = (
        examined(bundle, knowledge, Screen()),
        examined(bundle, knowledge, Screen(bad=frozenset(FILES))),
    )

    assert Code.MALWARE_FOUND not in {f.code for f in without.findings}
    assert set(without.findings) < set(found.findings)
    assert sorted(FILES) == sorted(f.place for f in found.findings if f.code is Code.MALWARE_FOUND)
    assert {"malware-found"} <= {f["code"] for f in found.report["findings"]}


def test_what_has_two_readings_is_refused_unscanned(knowledge, bundle):
    screen = Screen()
    examination = examined(b"PK" + bundle, knowledge, screen)

    assert ({}, None) == (screen.seen, examination.report["scan"])
    assert not examination.passed


def test_a_damaged_file_stays_damaged_whatever_the_scanner_says(knowledge):
    lie = {"crc": 1}
    damaged = forge(
        asic(File("dossier.xml", b"<dossier/>"), File("a.pdf", b"%PDF-1.7", local=lie, central=lie))
    )
    opened = open_container(MemorySource(damaged), policy=knowledge.policy.container)
    (finding,) = screen_bundle(opened, Screen()).findings

    assert (Code.CONTAINER_CHECKSUM_MISMATCH, "a.pdf") == (finding.code, finding.place)
    assert Code.CONTAINER_CHECKSUM_MISMATCH in {
        f.code for f in examined(damaged, knowledge, Screen()).findings
    }


def test_without_a_verdict_there_is_no_examination(knowledge, bundle):
    with pytest.raises(ScannerUnavailable):
        examined(bundle, knowledge, BrokenScreen())


def test_a_gateway_without_scanner_says_so_in_the_report(knowledge, bundle):
    assert examined(bundle, knowledge, None).report["scan"] is None
