# SPDX-License-Identifier: EUPL-1.2
"""Judges every container of the shared corpus and writes the table of agreement (``tests/vectors/AGREEMENT.md``).

Run ``python tests/agreement.py`` after a change of judgement. Each file is judged twice with the same code:
without any anchor (what a newcomer's ``amtsbote verify`` does), and with everything granted that is not about the bytes
(each signer's own certificate as anchor, the claimed signing time as moment, every known algorithm allowed), so that a
negative whose fault is in container or signature has to be caught there and not by a missing anchor.
"""

import csv
import os
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from gateway.errors import Rejected
from gateway.findings import blocking
from gateway.model.bundle import Digested, Opened
from gateway.model.signature import VerificationReport
from gateway.model.source import MemorySource
from gateway.model.trust import AlgorithmRule, SignaturePolicy, TrustMaterial
from gateway.policy import ContainerPolicy, XmlPolicy
from gateway.stages.container import digest_entries, open_container, read_entry
from gateway.stages.signature import Signatures, judge_signatures, read_signatures
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xades.reading import XadesSignature
from gateway.stages.signature.xades.signer import check_signer

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get("AMTSBOTE_SHARED", REPOSITORY.parent / "shared"))
TABLE = REPOSITORY / "tests/vectors/AGREEMENT.md"
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
POSITIVE = {"pass", "crypto-pass"}
NEGATIVE = {"fail", "reject", "fail(policy)"}
_DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512", "sha3_256", "sha3_384", "sha3_512")
_SIGNATURES = ("rsa-pkcs1v15", "rsa-pss", "ecdsa", "ed25519")
_CURVES = (
    "secp224r1",
    "secp256r1",
    "secp384r1",
    "secp521r1",
    "brainpoolP256r1",
    "brainpoolP384r1",
    "brainpoolP512r1",
)
ANYTHING = SignaturePolicy(
    algorithms=tuple(
        AlgorithmRule(
            algorithm=name,
            usage=usage,
            min_key_bits=0,
            valid_from=date(1990, 1, 1),
            valid_until=None,
            source="",
        )
        for usage, names in (("digest", _DIGESTS), ("signature", _SIGNATURES), ("curve", _CURVES))
        for name in names
    )
)
# Positives whose integrity is not "intact" here, by file digest: why.
EXCEPTIONS = {
    "0889823b": "CMS signature with a counter-signature; its messageDigest is not the digest of the one file in the container",
    "14811a44": "its manifest names no file, so no file is signed (EN 319 162-1 A.4 wants at least one)",
    "17b3fc13": "one signature uses an XPath transform, which is refused whatever it selects",
    "0e032809": "references start with a slash; X-Road's scheme, not an entry name of ASiC",
    "0becfc63": "references start with a slash; X-Road's scheme, not an entry name of ASiC",
}
# Negatives whose signed bytes are intact, by file digest: the fault its project sees, and where it shows here.
_MARK = "a national profile (BDOC): "
INTACT_NEGATIVES = {
    "3be2a21a": "revocation: its OCSP response is not of the issuer's; told as soon as the anchor is the CA and not the signer",
    "14b56e24": "a trusted list: the list says that the stamping service is deprecated",
    "4c6376cb": "time: the certificate expired in 2012, the time-stamp is of 2015, the claimed time is not to be believed",
    "266a1ae3": f"{_MARK}the time mark in its OCSP response is later than the certificate, and we know no time marks",
    "3b6f97dd": f"{_MARK}the address of its signature policy is empty; the policy is told as unknown",
    "291caf8e": f"{_MARK}a signature with a time mark may not be extended to B-LTA; the policy is told as unknown",
    "3ca07951": "the container: mimetype says application/zip; a warning, refused where container.mimetype says so",
    "16ff2ff8": "the container: no mimetype; a warning, refused where container.mimetype says so",
    "1dae51f1": "a signed property: a media type that is none; its CA is unknown besides",
    "54159157": "the time-stamp: it names another certificate than the one that signed it",
    "5bfc77f3": "a signed property: a media type with a backslash",
}
CONTAINER_FAULTS = {"3ca07951", "16ff2ff8"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One file and both judgements on it."""

    file: str
    expected: str
    form: str
    signed: bool
    verdict: str  # refused, or the integrity
    indication: str
    granted: str  # indication with everything granted
    reasons: tuple[str, ...]

    @property
    def key(self) -> str:
        """The digest that starts the file's name."""
        return key_of(self.file)


def rows(
    shared: Path = SHARED, *, policy: ContainerPolicy | None = None, keys: Container[str] | None = None
) -> Iterator[Row]:
    """Judge the corpus, or what of it has one of these ``keys``."""
    with (shared / "corpus/containers.tsv").open(encoding="utf-8", newline="") as table:
        for line in csv.DictReader(table, delimiter="\t"):
            if keys is None or key_of(line["file"]) in keys:
                data = (shared / "corpus" / line["file"]).read_bytes()
                yield _judge(line, data, policy or ContainerPolicy())


def key_of(file: str) -> str:
    """The digest that starts the file's name."""
    return Path(file).name[:8]


def _judge(line: dict[str, str], data: bytes, policy: ContainerPolicy) -> Row:
    names = {"file": line["file"], "expected": line["expected"], "form": line["form"]}
    try:
        opened = open_container(MemorySource(data), policy=policy)
    except Rejected as refusal:
        codes = tuple(dict.fromkeys(f.code.value for f in blocking(refusal.findings)))
        return Row(
            **names,
            signed=_claims_signature(line),
            verdict="refused",
            indication="",
            granted="",
            reasons=codes,
        )
    signatures = read_signatures(opened, xml=XmlPolicy(), policy=ANYTHING)
    digested = digest_entries(
        opened,
        policy=policy,
        algorithms=signatures.digest_algorithms | {"sha256"},
        keep=lambda _: False,
    )
    plain = _report(signatures, digested, TrustStore(TrustMaterial()), MOMENT)
    granted = _granted(opened, signatures, digested, plain)
    codes = tuple(dict.fromkeys(f.code.value for f in blocking(granted.findings)))
    return Row(
        **names,
        signed=bool(plain.signatures),
        verdict=plain.integrity.value,
        indication=plain.indication.value,
        granted=granted.indication.value,
        reasons=codes,
    )


def _report(
    signatures: Signatures, digested: Digested, store: TrustStore, moment: datetime
) -> VerificationReport:
    return judge_signatures(
        signatures,
        digested,
        trust=store,
        policy=ANYTHING,
        moment=moment,
        read=lambda entry: read_entry(digested.opened.source, entry),
    )


def _granted(
    opened: Opened, signatures: Signatures, digested: Digested, plain: VerificationReport
) -> VerificationReport:
    """Trust in each signer's own certificate at the time the last signer claims."""
    read = [s for s in signatures.xades if isinstance(s, XadesSignature)]
    own = tuple(found.der for found in (check_signer(s).certificate for s in read) if found is not None)
    claimed = [s.claimed_signing_time for s in plain.signatures if s.claimed_signing_time]
    moment = max(claimed, default=MOMENT) + timedelta(seconds=1)
    store = TrustStore(TrustMaterial(signer_anchors=own))
    return replace(_report(signatures, digested, store, moment), moment=MOMENT)


def _claims_signature(line: dict[str, str]) -> bool:
    return "xades" in line["form"] or "cades" in line["form"]


def render(judged: list[Row]) -> str:
    """The table as Markdown; the same corpus gives the same bytes."""
    counts = Counter((row.expected, row.verdict) for row in judged)
    verdicts = sorted({row.verdict for row in judged})
    lines = [
        "# Agreement with the corpus of containers",
        "",
        "Written by `python tests/agreement.py`; `tests/stages/signature/test_corpus_containers.py` holds it to the rules.",
        "*Verdict*: `refused` as a container, or the integrity. *Granted*: the indication when each signer's certificate",
        "is an anchor, the claimed time is believed and every known algorithm is allowed; it shows what is left to trust.",
        "",
        "| expected by its project | " + " | ".join(verdicts) + " |",
        "|---|" + "---:|" * len(verdicts),
    ]
    for expected in sorted({row.expected for row in judged}):
        cells = " | ".join(str(counts[expected, verdict] or "") for verdict in verdicts)
        lines.append(f"| {expected} | {cells} |")
    lines += ["", "## Positives whose integrity is not intact, and why", ""]
    lines += [f"- `{row.file}`: {EXCEPTIONS.get(row.key, '**unexplained**')}" for row in exceptions(judged)]
    lines += ["", "## Negatives whose integrity is intact, and what is wrong with them", ""]
    lines += [
        f"- `{row.file}` ({row.expected}; granted {row.granted}):"
        f" {INTACT_NEGATIVES.get(row.key, '**unexplained**')}"
        for row in intact_negatives(judged)
    ]
    lines += [
        "",
        "## All",
        "",
        "| file | expected | verdict | granted | blocking findings |",
        "|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.file} | {row.expected} | {row.verdict} | {row.granted} | {', '.join(row.reasons)} |"
        for row in sorted(judged, key=lambda row: row.file)
    ]
    return "\n".join(lines) + "\n"


def exceptions(judged: list[Row]) -> list[Row]:
    """Positives with a signature that we do not call intact."""
    return [row for row in judged if row.expected in POSITIVE and row.signed and row.verdict != "intact"]


def intact_negatives(judged: list[Row]) -> list[Row]:
    """Negatives in whose signed bytes there is no fault."""
    return [row for row in judged if row.expected in NEGATIVE and row.verdict == "intact"]


def main() -> None:
    """Write the table."""
    TABLE.parent.mkdir(parents=True, exist_ok=True)
    TABLE.write_text(render(list(rows())), encoding="utf-8")


if __name__ == "__main__":
    main()
