# SPDX-License-Identifier: EUPL-1.2
"""A time-stamping authority in this process (RFC 3161), for bundles of level XAdES-B-T in the demo and in tests."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from asn1crypto import keys, pem, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from gateway.demo import pki


def timestamper(unit: pki.Identity, moment: datetime) -> Callable[[bytes], bytes]:
    """A function that stamps a SHA-256 message imprint; all tokens say ``moment``."""
    chain = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # the library ships no annotation here
    chain.register_multiple(
        [x509.Certificate.load(c.public_bytes(serialization.Encoding.DER)) for c in unit.chain]
    )
    authority = DummyTimeStamper(
        x509.Certificate.load(unit.certificate_der),
        keys.PrivateKeyInfo.load(pem.unarmor(unit.key_pem)[2]),
        certs_to_embed=chain,
        fixed_dt=moment,
    )

    def stamp(imprint: bytes) -> bytes:
        if len(imprint) != hashlib.sha256().digest_size:
            raise ValueError(f"expected a SHA-256 digest, got {len(imprint)} bytes")
        token: bytes = asyncio.run(authority.async_timestamp(imprint, "sha256")).dump()
        return token

    return stamp
