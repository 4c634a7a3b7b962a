# SPDX-License-Identifier: EUPL-1.2
"""signxml as a third opinion on XAdES: value, every reference, signed properties and schema; no chain, no clock of today.

It reads a signature alone, as it does for a caller who hands it one element, and its clock stands at the beginning of
the certificate's validity, because the certificate's path is not the question here.
"""

from collections.abc import Mapping
from urllib.parse import unquote

from cryptography import x509
from lxml import etree
from signxml import DigestAlgorithm, SignatureMethod
from signxml.exceptions import InvalidInput, SignXMLException
from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier


def signxml_objection(
    signature: etree._Element,
    entries: Mapping[str, bytes],
    certificate_der: bytes,
    *,
    schema: bool = True,
    without_empty_namespaces: bool = False,
) -> str:
    """What signxml has against one ``ds:Signature``; "" where it accepts it. Where it falls over, so does the test.

    ``schema`` and ``without_empty_namespaces`` are its own switches, for tests that show what an objection hangs on.
    """

    def entry(uri: str) -> bytes:
        if unquote(uri) not in entries:
            raise InvalidInput(f"no entry {uri}")
        return entries[unquote(uri)]

    certificate = x509.load_der_x509_certificate(certificate_der)
    verifier = XAdESVerifier()
    verifier.excise_empty_xmlns_declarations = without_empty_namespaces
    expected = XAdESSignatureConfiguration(
        verification_time=certificate.not_valid_before_utc,
        require_x509=True,
        expect_references=len(signature.findall("{*}SignedInfo/{*}Reference")),
        signature_methods=frozenset(SignatureMethod),
        digest_algorithms=frozenset(DigestAlgorithm),
    )
    try:
        verifier.verify(
            etree.fromstring(etree.tostring(signature)),
            x509_cert=certificate,
            uri_resolver=entry,
            validate_schema=schema,
            expect_config=expected,
        )
    except (SignXMLException, etree.DocumentInvalid) as objection:  # the second: what its schema says
        return f"{type(objection).__name__}: {objection}"
    return ""
