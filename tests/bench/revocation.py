# SPDX-License-Identifier: EUPL-1.2
"""What a large revocation list costs each bundle: a worker's life with it and without it, every signer a new one."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from bench.figures import Figure, timed
from bench.parties import Parties, examining
from bench.scale import Scale
from bench.stopwatch import CPU, Times, interleaved
from gateway.demo import pki
from gateway.model.signature import Revocation
from gateway.model.trust import TrustMaterial
from gateway.stages.signature.certificates.trust import Purpose, TrustStore, judge_certificate

_AIM_MS = 5


def measure(parties: Parties, scale: Scale) -> list[Figure]:
    """The cost a bundle, spread over the bundles of one worker."""
    entries, signers = scale.of(100_000, 100_000, 500), scale.of(200, 40, 3)
    seals = [parties.issuing.seal(f"Kammer {number}") for number in range(signers)]
    crl = _long_crl(parties.issuing, entries, parties.moment)
    long, short = parties.material(crl), parties.material()
    policy = examining(parties, anchors=False).signature_policy

    def life(material: TrustMaterial) -> None:
        store = TrustStore(material)
        for seal in seals:
            judgement = judge_certificate(
                seal.certificate_der,
                store=store,
                hints=[c.public_bytes(Encoding.DER) for c in seal.chain[:-1]],
                policy=policy,
                moment=parties.moment,
                purpose=Purpose.SIGNER,
            )
            if judgement.revocation is not Revocation.GOOD:
                raise ValueError(f"expected a good signer, got {judgement.findings}")

    times = interleaved(
        {
            "long": lambda: life(long),
            "short": lambda: life(short),
            "parse": lambda: x509.load_der_x509_crl(crl),
            "signatures": lambda: [_signatures(seal) for seal in seals],
        },
        rounds=scale.of(10, 3, 2),
        clock=CPU,
    )
    more = Times(
        tuple((a - b) / signers for a, b in zip(times["long"].seconds, times["short"].seconds, strict=True))
    )
    path, bare = (
        Times(tuple(value / signers for value in times[name].seconds)) for name in ("short", "signatures")
    )
    return [
        timed(
            "path + revocation, a signer never seen before",
            path,
            beside="the signatures of its chain, with cryptography",
            floor=bare,
        ),
        Figure(
            what=f"CRL of {entries:,} entries ({len(crl) / 1e6:.1f} MB): what it adds to a bundle, over {signers}",
            value=more.median * 1000,
            p99=more.p99 * 1000,
            unit="ms",
            beside="parsing it once with cryptography",
            beside_value=times["parse"].median * 1000,
            ratio=more.over(times["parse"]),
            aim=f"< {_AIM_MS} ms",
            met=more.median * 1000 < _AIM_MS,
        ),
    ]


def _signatures(signer: pki.Identity) -> None:
    """What no reading of a path can do without; parsed already, nothing else asked."""
    chain = (signer.certificate, *signer.chain)
    for certificate, issuer in pairwise(chain):
        certificate.verify_directly_issued_by(issuer)


def _long_crl(authority: pki.Authority, entries: int, moment: datetime) -> bytes:
    revoked = [
        x509.RevokedCertificateBuilder()
        .serial_number(2**100 + number * 7919)
        .revocation_date(datetime(2026, 1, 1, tzinfo=UTC))
        .build()
        for number in range(entries)
    ]
    builder = x509.CertificateRevocationListBuilder(
        authority.identity.certificate.subject,
        moment - timedelta(days=1),
        moment + timedelta(days=1),
        [],
        revoked,  # at once: adding one by one copies the list every time
    )
    return builder.sign(authority.identity.key, SHA256()).public_bytes(Encoding.DER)
