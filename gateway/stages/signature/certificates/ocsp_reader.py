# SPDX-License-Identifier: EUPL-1.2
"""OCSP responses from their DER (RFC 6960 clause 4.2). Leaves out whether anything in them is to be believed."""

from datetime import datetime
from hashlib import sha256
from typing import Any

from asn1crypto import algos
from asn1crypto import ocsp as asn1_ocsp

from gateway.codes import Code
from gateway.errors import Rejected, Unreadable
from gateway.stages.signature.certificates.certificate import (
    MAX_CERTIFICATE_BYTES,
    Certificate,
    contained,
    read_certificate,
    scheme_of,
)
from gateway.stages.signature.certificates.encoding import bounded, comparable
from gateway.stages.signature.certificates.ocsp import Response, Single

_CERT_HASH = "1.3.36.8.3.13"  # positive statement of German CAs (Common PKI part 4)
_KNOWN_CRITICAL = {"nonce", "archive_cutoff", "extended_revoke", "invalidity_date", _CERT_HASH}
MAX_SINGLES = 1000  # answers in one response; real ones have one
_MAX_RESPONDER_CERTIFICATES = 8
_RESPONDER_BYTES = MAX_CERTIFICATE_BYTES  # of all these; taken apart, they take a hundred times their size
_REASONS = {  # asn1crypto's names -> those of RFC 5280 clause 5.3.1
    "unspecified": "unspecified",
    "key_compromise": "keyCompromise",
    "ca_compromise": "cACompromise",
    "affiliation_changed": "affiliationChanged",
    "superseded": "superseded",
    "cessation_of_operation": "cessationOfOperation",
    "certificate_hold": "certificateHold",
    "remove_from_crl": "removeFromCRL",
    "privilege_withdrawn": "privilegeWithdrawn",
    "aa_compromise": "aACompromise",
}


def read_response(der: bytes, *, place: str = "") -> Response:
    """A response from its DER. Raises ``Rejected`` with ``REVOCATION_UNKNOWN``, also for an unsuccessful one."""
    return contained(
        lambda: _read(bytes(der)),
        code=Code.REVOCATION_UNKNOWN,
        place=place,
        expected="a successful OCSP response in DER",
    )


def _read(der: bytes) -> Response:
    outer = asn1_ocsp.OCSPResponse.load(bounded(der), strict=True)
    if outer["response_status"].native != "successful":
        raise Unreadable(f"status {outer['response_status'].native}")
    if outer["response_bytes"]["response_type"].native != "basic_ocsp_response":
        raise Unreadable("not a basic response")
    basic = outer["response_bytes"]["response"].parsed
    tbs = basic["tbs_response_data"]
    if len(tbs["responses"]) > MAX_SINGLES:
        raise Unreadable(f"{len(tbs['responses'])} answers exceed {MAX_SINGLES}")
    signed = tbs.dump()  # the bytes as they came, taken before asn1crypto takes them apart
    _ = tbs.native  # decode everything now, inside the border
    strange = _strange(tbs["response_extensions"])
    responder = tbs["responder_id"]
    by_name = responder.name == "by_name"
    return Response(
        sha256=sha256(der).hexdigest(),
        produced_at=tbs["produced_at"].native,
        singles=tuple(_single(s, strange) for s in tbs["responses"]),
        certificates=tuple(_responders(basic["certs"])),
        responder_name=comparable(responder.chosen) if by_name else "",
        responder_key_hash=b"" if by_name else responder.native,
        scheme=scheme_of(basic["signature_algorithm"]),
        value=basic["signature"].native,
        tbs=signed,
    )


def _single(single: Any, strange: str) -> Single:
    identity, status = single["cert_id"], single["cert_status"]
    revoked = status.chosen if status.name == "revoked" else None
    reason = revoked["revocation_reason"].native if revoked is not None else None
    extensions = {e["extn_id"].native: e["extn_value"] for e in single["single_extensions"] or ()}
    return Single(
        hash_name=identity["hash_algorithm"]["algorithm"].native,
        issuer_name_hash=identity["issuer_name_hash"].native,
        issuer_key_hash=identity["issuer_key_hash"].native,
        serial=identity["serial_number"].native,
        status=status.name,
        this_update=single["this_update"].native,
        next_update=single["next_update"].native,
        revoked_at=revoked["revocation_time"].native if revoked is not None else None,
        invalid_from=_time(extensions.get("invalidity_date")),
        reason=_REASONS[reason] if reason else "",
        archive_cutoff=_time(extensions.get("archive_cutoff")),
        certificate_hash=_certificate_hash(extensions.get(_CERT_HASH)),
        strange=strange or _strange(single["single_extensions"]),
    )


def _time(value: Any) -> datetime | None:
    moment = None if value is None else value.parsed.native
    return moment if isinstance(moment, datetime) else None


def _certificate_hash(value: Any) -> tuple[str, bytes] | None:
    """CertHash ::= SEQUENCE { hashAlgorithm AlgorithmIdentifier, certificateHash OCTET STRING }: a DigestInfo's shape."""
    if value is None:
        return None
    info = algos.DigestInfo.load(value.native, strict=True)
    return info["digest_algorithm"]["algorithm"].native, info["digest"].native


def _strange(extensions: Any) -> str:
    found = [str(e["extn_id"].native) for e in extensions or () if e["critical"].native]
    return ", ".join(name for name in found if name not in _KNOWN_CRITICAL)


def _responders(certificates: Any) -> list[Certificate]:
    found, left = [], _RESPONDER_BYTES
    for certificate in list(certificates or ())[:_MAX_RESPONDER_CERTIFICATES]:
        der = certificate.dump()
        left -= len(der)
        if left < 0:
            break
        try:
            found.append(read_certificate(der))
        except Rejected as refusal:
            if isinstance(refusal.__cause__, MemoryError):
                raise  # or the response would be kept without it
            continue  # a certificate nobody can read signs nothing; the response may still be the issuer's own
    return found
