# SPDX-License-Identifier: EUPL-1.2
"""ASiCManifest: which files a CMS signature in a container speaks for (EN 319 162-1 annex A.4).

The signature covers the manifest's bytes, the manifest's digests cover the files: both have to hold, and manifest and
signature have to belong to each other one to one. Leaves out the CMS itself (``cms.cades``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Foreign
from gateway.markup import parse
from gateway.model.asic import META, Role, role_of
from gateway.model.trust import SignaturePolicy
from gateway.policy import XmlPolicy
from gateway.stages.signature.coverage import DataReference
from gateway.stages.signature.xmldsig.names import ASIC, ASIC_DRAFT, ds
from gateway.stages.signature.xmldsig.references import entry_name, read_digest_method
from gateway.stages.signature.xmldsig.structure import base64_of, local_name, only_child, refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class AsicManifest:
    """One manifest: its signature's entry name and the files it digests."""

    place: str
    data: bytes
    signature: str
    references: tuple[DataReference, ...]


def read_manifests(
    meta: Mapping[str, bytes], *, xml: XmlPolicy, policy: SignaturePolicy
) -> tuple[tuple[AsicManifest, ...], tuple[Finding, ...]]:
    """Every readable manifest, and what is wrong with the others."""
    manifests: list[AsicManifest] = []
    findings: list[Finding] = []
    for name in sorted(name for name in meta if role_of(name) is Role.SIGNATURE_MANIFEST):
        try:
            manifests.append(_read(meta[name], name, xml, policy))
        except Rejected as rejected:
            findings += rejected.findings
    claimed: dict[str, str] = {}
    for manifest in manifests:
        if manifest.signature in claimed:
            findings.append(_mismatch(manifest.place, "one manifest for each signature", manifest.signature))
        if manifest.signature not in meta:
            findings.append(_mismatch(manifest.place, "a signature of this name", manifest.signature))
        claimed[manifest.signature] = manifest.place
    return tuple(manifests), tuple(findings)


def _read(data: bytes, place: str, xml: XmlPolicy, policy: SignaturePolicy) -> AsicManifest:
    root = parse(data, place=place, limits=xml)
    namespace = etree.QName(str(root.tag)).namespace
    if namespace not in {ASIC, ASIC_DRAFT} or local_name(root.tag) != "ASiCManifest":
        raise refusal(Code.MANIFEST_MALFORMED, place, expected="an ASiCManifest", got=local_name(root.tag))
    signature = only_child(root, f"{{{namespace}}}SigReference", place)
    elements = root.findall(f"{{{namespace}}}DataObjectReference")
    if not 1 <= len(elements) <= policy.max_references:
        raise refusal(
            Code.MANIFEST_MALFORMED,
            place,
            expected=f"1 to {policy.max_references} data objects",
            got=str(len(elements)),
        )
    _refuse_critical_extensions(root, namespace, place)
    references = tuple(
        DataReference(
            uri=element.get("URI", ""),
            digest=read_digest_method(only_child(element, ds("DigestMethod"), place), place),
            value=base64_of(only_child(element, ds("DigestValue"), place), place),
            place=place,
        )
        for element in elements
    )
    name = entry_name(signature.get("URI", ""), place)
    if not name.startswith(META):
        raise refusal(Code.MANIFEST_MALFORMED, place, expected="a signature in META-INF", got=Foreign(name))
    return AsicManifest(place=place, data=data, signature=name, references=references)


def _refuse_critical_extensions(root: etree._Element, namespace: str, place: str) -> None:
    """We know none, and its author forbids to go on without knowing it (clause A.4)."""
    for extension in root.iter(f"{{{namespace}}}Extension"):
        if extension.get("Critical", "").strip() in {"true", "1"}:
            raise refusal(
                Code.MANIFEST_MALFORMED,
                place,
                expected="no critical extension",
                got=", ".join(map(local_name, (child.tag for child in extension))),
            )


def _mismatch(place: str, expected: str, got: str) -> Finding:
    return Finding(code=Code.MANIFEST_MISMATCH, place=place, expected=expected, got=got)
