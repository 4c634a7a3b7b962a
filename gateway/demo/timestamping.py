# SPDX-License-Identifier: EUPL-1.2
"""A time-stamping authority in this process (RFC 3161), for bundles of level XAdES-B-T in the demo and in tests."""

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

from asn1crypto import cms, core, keys, pem, x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from pyhanko.sign.general import as_signing_certificate_v2
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

from gateway.demo import pki


class _Stamper(DummyTimeStamper):
    """The library's own for tests names its certificate by SHA-1 only; a real one names it by ESSCertIDv2 (RFC 5816)."""

    def _sign_tst_info(
        self, tst_info_data: bytes, md_algorithm: str, dt: datetime
    ) -> tuple[bytes, cms.CMSAttributes]:
        digest = hashlib.new(md_algorithm, tst_info_data).digest()
        values = {
            "content_type": "tst_info",
            "signing_time": cms.Time({"utc_time": core.UTCTime(dt)}),
            "signing_certificate_v2": as_signing_certificate_v2(self.tsa_cert),
            "message_digest": digest,
        }
        attributes = cms.CMSAttributes(
            [cms.CMSAttribute({"type": name, "values": [value]}) for name, value in values.items()]
        )
        key = serialization.load_der_private_key(self.tsa_key.dump(), password=None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("expected an RSA key")
        return key.sign(attributes.dump(), PKCS1v15(), SHA256()), attributes


def timestamper(unit: pki.Identity, moment: datetime) -> Callable[[bytes], bytes]:
    """A function that stamps a SHA-256 message imprint; all tokens say ``moment``."""
    chain = SimpleCertificateStore()  # type: ignore[no-untyped-call]  # the library ships no annotation here
    chain.register_multiple(
        [x509.Certificate.load(c.public_bytes(serialization.Encoding.DER)) for c in unit.chain]
    )
    authority = _Stamper(
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
