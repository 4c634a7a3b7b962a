# SPDX-License-Identifier: EUPL-1.2
"""What signs a container: every signature file of META-INF, read; nothing judged yet.

EN 319 162-1 clause 4.3/4.4: ``*signatures*.xml`` (XAdES), ``*signature*.p7s`` (CAdES, in ASiC-E through an ASiCManifest),
``*timestamp*.tst`` and ``*evidencerecord*`` (assertions without a signer). No file is overlooked because of its name:
an XML or p7s file in META-INF that may be a signature is read as one.
"""

from dataclasses import dataclass

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity
from gateway.model.asic import META, Role, role_of
from gateway.model.bundle import ContainerForm, Opened
from gateway.model.trust import SignaturePolicy
from gateway.policy import XmlPolicy
from gateway.stages.signature.asic_manifest import AsicManifest, read_manifests
from gateway.stages.signature.cms.cades import cades_digest_algorithms
from gateway.stages.signature.xades.file import read_xades
from gateway.stages.signature.xades.reading import UnreadSignature, XadesSignature


@dataclass(frozen=True, slots=True, kw_only=True)
class CadesFile:
    """A CMS signature: over a manifest (ASiC-E), or over the only data object itself (ASiC-S)."""

    place: str
    data: bytes
    manifest: AsicManifest | None
    content: str | None  # entry signed directly
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Every signature of a container and what has to be digested to check it. Nothing in it is trusted yet."""

    xades: tuple[XadesSignature | UnreadSignature, ...] = ()
    cades: tuple[CadesFile, ...] = ()
    digest_algorithms: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()

    @property
    def count(self) -> int:
        """How many signatures, readable or not."""
        return len(self.xades) + len(self.cades)


def read_signatures(opened: Opened, *, xml: XmlPolicy, policy: SignaturePolicy) -> Signatures:
    """Parse every signature. Never raises for bad input: what cannot be read stands in the result with its findings."""
    meta = {name: data for name, data in opened.meta.items() if name.startswith(META)}
    findings: list[Finding] = []
    xades: list[XadesSignature | UnreadSignature] = []
    for name in sorted(filter(_is_xades, meta)):
        if len(xades) > policy.max_signatures:
            break  # refused below; what is over the limit is not worth reading
        xades += _contained_xades(meta[name], name, xml, policy)
    manifests, faults = read_manifests(meta, xml=xml, policy=policy)
    findings += faults
    cades = _cades_files(opened, meta, manifests)
    if xades and cades:
        findings.append(
            Finding(
                code=Code.SIGNATURE_STRUCTURE,
                expected="signatures of one form",
                got="XAdES and CAdES in one container",
            )
        )
    findings += _other_assertions(meta, signed=bool(xades or cades))
    findings += _duplicates(xades)
    count = len(xades) + len(cades)
    if count > policy.max_signatures:
        findings.append(
            Finding(
                code=Code.SIGNATURE_STRUCTURE,
                expected=f"at most {policy.max_signatures} signatures",
                got=str(count),
            )
        )
        xades, cades = xades[: policy.max_signatures], cades[: policy.max_signatures]
    return Signatures(
        xades=tuple(xades),
        cades=tuple(cades),
        digest_algorithms=_algorithms(xades, cades, manifests),
        findings=tuple(findings),
    )


def _is_xades(name: str) -> bool:
    """By its role; and where it has none, as soon as its name may let a validator take it for one."""
    role, folded = role_of(name), name.casefold()
    return role is Role.XADES or (role is None and "signature" in folded and folded.endswith(".xml"))


def _contained_xades(
    data: bytes, place: str, xml: XmlPolicy, policy: SignaturePolicy
) -> tuple[XadesSignature | UnreadSignature, ...]:
    try:
        return read_xades(data, place=place, xml=xml, policy=policy)
    except Rejected as rejected:
        findings = rejected.findings
    except Exception as error:  # noqa: BLE001 - whatever foreign code raises means "not valid", never a pass
        findings = (failure(place, error),)
    return (UnreadSignature(id="", place=place, findings=findings),)


def failure(place: str, error: Exception) -> Finding:
    """An exception nobody foresaw, as a finding that keeps the bundle out."""
    return Finding(
        code=Code.VERIFICATION_FAILED,
        severity=Severity.UNKNOWN,
        place=place,
        expected="a signature that can be judged",
        got=f"an unforeseen fault ({type(error).__name__})",
    )


def _cades_files(
    opened: Opened, meta: dict[str, bytes], manifests: tuple[AsicManifest, ...]
) -> list[CadesFile]:
    by_signature = {manifest.signature: manifest for manifest in manifests}
    payload = [entry.name for entry in opened.payload]
    found: list[CadesFile] = []
    for name in sorted(meta):
        if not name.casefold().endswith((".p7s", ".p7m")):
            continue
        manifest = by_signature.get(name)
        # ASiC-S (clause 4.3): without a manifest, the signature is over the one data object.
        alone = opened.form is not ContainerForm.ASIC_E and len(payload) == 1 and not by_signature
        content = payload[0] if manifest is None and alone else None
        findings: tuple[Finding, ...] = ()
        if manifest is None and content is None:
            findings = (
                Finding(
                    code=Code.MANIFEST_MISMATCH,
                    place=name,
                    expected="an ASiCManifest that names this signature, or a single data object",
                    got=f"no manifest, {len(payload)} data objects",
                ),
            )
        found.append(
            CadesFile(place=name, data=meta[name], manifest=manifest, content=content, findings=findings)
        )
    return found


def _other_assertions(meta: dict[str, bytes], *, signed: bool) -> list[Finding]:
    """Time-stamps and evidence records over the container prove existence, never who signed."""
    findings: list[Finding] = []
    for name in sorted(meta):
        folded = name.casefold()
        if role_of(name) is Role.EVIDENCE_RECORD:
            findings.append(
                Finding(
                    code=Code.EVIDENCE_RECORD_UNCHECKED,
                    severity=Severity.WARNING if signed else Severity.UNKNOWN,
                    place=name,
                    got="evidence record, not checked and not relied on",
                )
            )
        elif folded.endswith(".tst"):
            findings.append(
                Finding(
                    code=Code.SIGNATURE_FORM_NOT_SUPPORTED,
                    severity=Severity.WARNING if signed else Severity.UNKNOWN,
                    place=name,
                    expected="a signature",
                    got="time-stamp over the container, not checked and not relied on",
                )
            )
    return findings


def _duplicates(signatures: list[XadesSignature | UnreadSignature]) -> list[Finding]:
    """The same signature twice: one signer might be taken for two."""
    seen: set[bytes] = set()
    findings: list[Finding] = []
    for signature in signatures:
        if isinstance(signature, XadesSignature):
            if signature.value in seen:
                findings.append(
                    Finding(
                        code=Code.SIGNATURE_STRUCTURE,
                        severity=Severity.WARNING,  # signers are counted once, so it gains nothing
                        place=signature.place,
                        expected="each signature once",
                        got=signature.id,
                    )
                )
            seen.add(signature.value)
    return findings


def _algorithms(
    xades: list[XadesSignature | UnreadSignature], cades: list[CadesFile], manifests: tuple[AsicManifest, ...]
) -> frozenset[str]:
    names = {reference.digest for manifest in manifests for reference in manifest.references}
    for signature in xades:
        if isinstance(signature, XadesSignature):
            names |= {reference.digest for reference in signature.references if not reference.same_document}
    for file in cades:
        if file.content is not None:
            names |= _cms_algorithms(file)
    return frozenset(names)


def _cms_algorithms(file: CadesFile) -> frozenset[str]:
    try:
        return cades_digest_algorithms(file.data)
    except Exception:  # noqa: BLE001 - unreadable CMS is named when it is judged; here it asks for no digests
        return frozenset()
