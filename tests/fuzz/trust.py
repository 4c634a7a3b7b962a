# SPDX-License-Identifier: EUPL-1.2
"""The anchors of the kept inputs. Their private keys are thrown away when the inputs have been made."""

from collections.abc import Mapping
from functools import cache

import trustroom

from fuzz.contract import VECTORS
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore

FOLDER = VECTORS / "trust"
NOW = trustroom.NOW
POLICY = trustroom.POLICY


@cache
def store() -> TrustStore:
    """One store for all inputs, as a worker has it; what its caches keep of one input must not help the next."""
    crls = tuple(path.read_bytes() for path in sorted(FOLDER.glob("*.crl")))
    root = (FOLDER / "root.der").read_bytes()
    return TrustStore(TrustMaterial(signer_anchors=(root,), tsa_anchors=(root,), crls=crls))


def kept_trust(realm: trustroom.Realm) -> Mapping[str, bytes]:
    """The public side of a realm, as files."""
    root, issuing = realm.crls()
    return {"root.der": trustroom.der(realm.root.identity), "root.crl": root, "issuing.crl": issuing}
