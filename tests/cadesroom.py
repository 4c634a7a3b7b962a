# SPDX-License-Identifier: EUPL-1.2
"""A realm that judges detached CMS signatures, for tests."""

from hashlib import new as new_hash

from asn1crypto import cms
from trustroom import (
    NOW,
    POLICY,
    Realm,
    der,
    stamp_unit,
)

from gateway.findings import Severity, blocking
from gateway.model.signature import Indication, Integrity
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.cms.cades import judge_cades

CONTENT = b"<ASiCManifest/>"
PLACE = "META-INF/signature.p7s"


class Room(Realm):
    """A realm whose store trusts its seals and its time-stamping unit."""

    def __init__(self):
        super().__init__()
        self.unit = stamp_unit(self.issuing)
        self.store = TrustStore(self.stamp_material())

    def stamp_material(self, **changes):
        return self.material(**{"tsa_anchors": (der(self.root.identity),), **changes})

    def check(self, info, *, content=CONTENT, store=None, policy=POLICY, moment=NOW):
        return judge_cades(
            info if isinstance(info, bytes) else info.dump(),
            place=PLACE,
            content_digest=lambda name: new_hash(name, content).digest(),
            store=store or self.store,
            policy=policy,
            moment=moment,
        )


def told(report):
    """Without what is told about the time-stamps themselves, which have places of their own."""
    return [(f.code, f.severity, f.place, f.expected, f.got) for f in report.findings if f.place == PLACE]


def fault(code, expected, got, severity=Severity.ERROR):
    return (code, severity, PLACE, expected, got)


def wrong(report):
    return [finding.code for finding in blocking(report.findings)]


def verdict(report):
    return report.indication, report.sub_indication, report.integrity


PASSED = (Indication.TOTAL_PASSED, None, Integrity.INTACT)


def without(*names):
    """A change of attributes."""
    return lambda attributes: [a for a in attributes if a["type"].native not in names]


def more(kind, *values):
    return lambda attributes: [*attributes, cms.CMSAttribute({"type": kind, "values": list(values)})]


def instead(kind, *values):
    return lambda attributes: more(kind, *values)(without(kind)(attributes))


def changed(info, change):
    change(info["content"])
    return info.dump(force=True)
