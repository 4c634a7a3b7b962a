# SPDX-License-Identifier: EUPL-1.2
"""Detached CAdES signatures (EN 319 122-1) from B-B to B-LT, judged in the words of EN 319 102-1.

Leaves out which files the signed content stands for (the ASiC layer knows), how a single signature is judged
(``cms.signature``) and archive time-stamps: they are named, not judged, and nothing is concluded from them.
``judge_cades`` never raises for bad input, and checks digest and value also where no trust can be found.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, blocking
from gateway.model.signature import Indication, Integrity, SignatureReport, SubIndication, Trust
from gateway.model.trust import SignaturePolicy
from gateway.stages.signature.certificates.certificate import DIGESTS, contained
from gateway.stages.signature.certificates.instants import NOTHING
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.grounds import CONTENT_STAMP, Grounds
from gateway.stages.signature.cms.signature import FORM, Signed, judge_signer
from gateway.stages.signature.cms.signed_data import SignedData, read_signed_data
from gateway.stages.signature.cms.timestamps import imprint_algorithm


def judge_cades(
    p7s: bytes,
    *,
    place: str,
    content_digest: Callable[[str], bytes],
    store: TrustStore,
    policy: SignaturePolicy,
    moment: datetime,
) -> SignatureReport:
    """The judgement on one signature file. ``content_digest`` gives the signed file's digest by hashlib name.

    A file with several SignerInfos is refused; the report is then about the worst of them, without counter-signatures.
    """
    try:
        data = read_signed_data(p7s, place=place)
        grounds = Grounds(
            place=place,
            store=store,
            policy=policy,
            moment=moment,
            certificates=data.certificates,
            crls=data.crls,
            ocsps=data.ocsps,
            covered=NOTHING,
        )
        signed = Signed(data=data, content_digest=content_digest, grounds=grounds, place=place)
        reports = contained(
            lambda: [judge_signer(signer, signed) for signer in data.signers],
            code=Code.CMS_STRUCTURE,
            place=place,
        )
    except Rejected as refusal:
        return _unreadable(place, refusal.findings)
    worst = max(
        reports, key=lambda report: (len(blocking(report.findings)), report.integrity is not Integrity.INTACT)
    )
    return replace(
        worst,
        findings=tuple(dict.fromkeys(f for report in (worst, *reports) for f in report.findings)),
    )


def cades_digest_algorithms(p7s: bytes) -> frozenset[str]:
    """Digests of the content that ``judge_cades`` will ask for; empty where the file cannot be read."""
    try:
        data = read_signed_data(p7s, place="")
        return contained(lambda: frozenset(_digest_names(data)), code=Code.CMS_STRUCTURE, place="")
    except Rejected:
        return frozenset()


def _digest_names(data: SignedData) -> Iterable[str]:
    for signer in data.signers:
        names = [signer["digest_algorithm"]["algorithm"].native]
        for attribute in signer["signed_attrs"] or ():
            if attribute["type"].dotted == CONTENT_STAMP:
                names += [imprint_algorithm(value.dump()) for value in attribute["values"]]
        yield from (name for name in names if name in DIGESTS)


def _unreadable(place: str, findings: tuple[Finding, ...]) -> SignatureReport:
    return SignatureReport(
        id=place,
        place=place,
        form=FORM,
        indication=Indication.TOTAL_FAILED,
        sub_indication=SubIndication.FORMAT_FAILURE,
        trust=Trust.UNTRUSTED,
        findings=findings,
    )
