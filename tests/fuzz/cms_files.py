# SPDX-License-Identifier: EUPL-1.2
"""A detached CMS signature over fixed bytes: what we call intact is not intact over other bytes."""

from collections.abc import Mapping
from datetime import timedelta
from hashlib import new as new_digest

import pdfroom
import trustroom

from fuzz import der_mutator
from fuzz.contract import ACCEPTED, REFUSED, Target, must, nothing_unforeseen
from fuzz.trust import NOW, POLICY, store
from gateway.findings import blocking
from gateway.model.signature import Indication, Integrity, SignatureReport, Trust
from gateway.stages.signature.cms.cades import cades_digest_algorithms, judge_cades
from gateway.stages.signature.cms.der import element

CONTENT, OTHER = b"<ASiCManifest/>", b"<ASiCManifest />"
HOUR = timedelta(hours=1)


def judge(data: bytes) -> str:
    report = _report(data, CONTENT)
    nothing_unforeseen(report.findings)
    if report.integrity is Integrity.INTACT:
        must(_report(data, OTHER).integrity is not Integrity.INTACT, "other bytes under it, and still intact")
    if report.indication is not Indication.TOTAL_PASSED:
        must(blocking(report.findings), "not passed, and nothing says why")
        return REFUSED
    passed = (report.integrity, report.trust, blocking(report.findings))
    must(passed == (Integrity.INTACT, Trust.TRUSTED, ()), f"passed with {passed}")
    must(cades_digest_algorithms(data), "passed without a digest that anyone asked for")
    return ACCEPTED


def _report(data: bytes, content: bytes) -> SignatureReport:
    return judge_cades(
        data,
        place="META-INF/signature.p7s",
        content_digest=lambda name: new_digest(name, content).digest(),
        store=store(),
        policy=POLICY,
        moment=NOW,
    )


def seeds(room: pdfroom.PdfRoom) -> Mapping[str, bytes]:
    def signed(content: bytes = CONTENT, **options) -> bytes:
        return trustroom.sign(room.seal, content, **options).dump()

    plain = trustroom.sign(room.seal, CONTENT)
    stamp = trustroom.sign(room.seal, CONTENT, stamped_by=room.unit, stamped_at=NOW - HOUR)

    def without(kind: str) -> bytes:
        info = trustroom.sign(room.seal, CONTENT)
        return trustroom.resign(
            info, room.seal, lambda attributes: [a for a in attributes if a["type"].native != kind]
        ).dump()

    return {
        "accepted-b-b": plain.dump(),
        "accepted-b-t": stamp.dump(),
        "accepted-sha512": signed(digest="sha512"),
        "refused-other-content": signed(OTHER),
        "refused-attached": signed(detached=False),
        "refused-no-digest": without("message_digest"),
        "refused-no-certificate-named": without("signing_certificate_v2"),
        "refused-late-claim": signed(claimed=NOW + HOUR * 48),
        "refused-rest": plain.dump() + b"\0",
        "refused-cut": plain.dump()[:-40],
        "refused-empty": b"",
        "refused-giant-arc": element(0x30, element(0x06, b"\xff" * 12_000 + b"\x01") + b"\xa0\x02\x30\x00"),
    }


TARGET = Target(
    name="cms_files",
    judge=judge,
    seeds=seeds,
    words=(
        bytes.fromhex("06092a864886f70d010702"),  # signed data
        bytes.fromhex("06092a864886f70d010904"),  # message digest
        bytes.fromhex("06092a864886f70d010903"),  # content type
        bytes.fromhex("06092a864886f70d010905"),  # signing time
        bytes.fromhex("060b2a864886f70d010910022f"),  # signing certificate v2
        bytes.fromhex("060b2a864886f70d010910020e"),  # signature time-stamp
        bytes.fromhex("06092a864886f70d010906"),  # counter-signature
        bytes.fromhex("0609608648016503040201"),  # SHA-256
        bytes.fromhex("06092a864886f70d01010a"),  # RSASSA-PSS
        *(
            b"\x30\x80",
            b"\x00\x00",
            b"\x31\x00",
            b"\x05\x00",
            b"\xa0\x00",
            b"\xa1\x00",
            b"\x30\x84",
            b"\x24\x80",
            b"\x7f\x7f",
        ),
    ),
    mutate=der_mutator.mutated,
    neighbours=r"META-INF/.*\.p7[sm]",
)
