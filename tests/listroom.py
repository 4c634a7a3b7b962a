# SPDX-License-Identifier: EUPL-1.2
"""The European Union and its Member States as counterparties: lists of lists, pivots and national trusted lists.

Signed by libxmlsec, so the judged bytes are not made by the code that judges them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from listxml import LOTL_TYPE, TL_TYPE, Entry, Service, certificate_text, instant, pointer, scheme
from lxml import etree
from pyhanko.sign.ades import qualified_asn1
from trustroom import DAY, NOW, POLICY, Realm, issue, usage

from gateway.demo import pki
from gateway.policy import XmlPolicy
from gateway.stages.signature.qualified.lists import ListFile, TrustedLists, read_trusted_lists

_DS = "http://www.w3.org/2000/09/xmldsig#"
_NAMESPACES = (
    'xmlns="http://uri.etsi.org/02231/v2#" xmlns:add="http://uri.etsi.org/02231/v2/additionaltypes#" '
    'xmlns:sie="http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#" '
    'xmlns:xades="http://uri.etsi.org/01903/v1.3.2#"'
)


def signed(
    body: str,
    operator: pki.Identity,
    *,
    before: str = "",
    ask: Callable[[str], str] = lambda template: template,
) -> bytes:
    """A list of this body, signed as TS 119 612 annex B asks; ``before`` stands outside of the root element.

    ``ask`` changes what is going to be signed: an operator who does it otherwise, with a value that verifies.
    """
    root = etree.fromstring(
        f"{before}<TrustServiceStatusList {_NAMESPACES} Id='list'>{body}{ask(_template(operator))}"
        "</TrustServiceStatusList>"
    )
    xmlsec.tree.add_ids(root, ["Id"])
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(operator.key_pem, xmlsec.constants.KeyDataFormatPem)
    context.sign(root.find(f"{{{_DS}}}Signature"))
    return etree.tostring(root.getroottree(), xml_declaration=True, encoding="UTF-8")


def _template(operator: pki.Identity) -> str:
    c14n = '<ds:Transform Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
    digest = '<ds:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/>'
    return (
        f'<ds:Signature xmlns:ds="{_DS}" Id="sig"><ds:SignedInfo>'
        '<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>'
        '<ds:SignatureMethod Algorithm="http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"/>'
        '<ds:Reference URI=""><ds:Transforms>'
        f'<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>{c14n}</ds:Transforms>'
        f'{digest}</ds:Reference><ds:Reference Type="http://uri.etsi.org/01903#SignedProperties" URI="#props">'
        f"<ds:Transforms>{c14n}</ds:Transforms>{digest}</ds:Reference></ds:SignedInfo><ds:SignatureValue/>"
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate_text(operator)}</ds:X509Certificate></ds:X509Data>"
        '</ds:KeyInfo><ds:Object><xades:QualifyingProperties Target="#sig"><xades:SignedProperties Id="props">'
        f"<xades:SignedSignatureProperties><xades:SigningTime>{instant(NOW)}</xades:SigningTime>"
        "</xades:SignedSignatureProperties></xades:SignedProperties></xades:QualifyingProperties></ds:Object>"
        "</ds:Signature>"
    )


def operator(name: str, **life: datetime) -> pki.Identity:
    """Who runs a list: a certificate of its own making, valid for a long time unless said otherwise."""
    return pki.root(name).identity if not life else issue(pki.root(name).identity, name=name, **life)


def qc_extension(
    *,
    kinds: Sequence[str] = ("qct_eseal",),
    device: bool = True,
    compliant: bool = True,
    law: Sequence[str] = (),
    twice: bool = False,
) -> tuple[x509.ExtensionType, bool]:
    """QCStatements as a qualified certificate has them."""
    statements = []
    if compliant:
        statements += [{"statement_id": "qc_compliance"}] * (2 if twice else 1)
    if device:
        statements.append({"statement_id": "qc_sscd"})
    if kinds:
        statements.append({"statement_id": "qc_type", "statement_info": list(kinds)})
    if law:
        statements.append({"statement_id": "qc_cc_legislation", "statement_info": list(law)})
    value = qualified_asn1.QcStatements(statements).dump()
    return x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.5.5.7.1.3"), value), False


@dataclass(kw_only=True)
class Union(Realm):
    """The Union's operator, Germany's, and a realm whose issuing CA Germany lists."""

    union: pki.Identity = field(default_factory=lambda: operator("European Commission"))
    germany: pki.Identity = field(default_factory=lambda: operator("Bundesnetzagentur"))

    def seal_of(self, *, policy: str = "1.2.3.4", ca: pki.Identity | None = None, **claims) -> pki.Identity:
        """A seal whose certificate claims to be qualified."""
        life = {name: claims.pop(name) for name in ("not_before", "not_after") if name in claims}
        return issue(
            ca or self.issuing.identity,
            subject=pki._name("IHK Prüfstadt", "IHK Prüfstadt"),
            key_usage=usage("content_commitment"),
            extensions=[
                qc_extension(**claims),
                (
                    x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)]),
                    False,
                ),
            ],
            **life,
        )

    def lotl(
        self,
        *,
        signer: pki.Identity | None = None,
        own: Sequence[pki.Identity] | None = None,
        pointers: Mapping[str, Sequence[pki.Identity]] | None = None,
        sequence: int = 10,
        issued: datetime = NOW - DAY,
        next_update: datetime | None = NOW + 90 * DAY,
        kind: str = LOTL_TYPE,
        territory: str = "EU",
    ) -> bytes:
        """A list of lists, or one of its pivots."""
        national = {"DE": [self.germany]} if pointers is None else pointers
        inner = pointer("EU", LOTL_TYPE, [self.union] if own is None else own)
        inner += "".join(pointer(state, TL_TYPE, operators) for state, operators in national.items())
        head = scheme(
            kind=kind,
            territory=territory,
            sequence=sequence,
            issued=issued,
            next_update=next_update,
            pointers=inner,
        )
        return signed(head, signer or self.union)

    def national(
        self,
        *services: Service,
        signer: pki.Identity | None = None,
        territory: str = "DE",
        sequence: int = 5,
        issued: datetime = NOW - DAY,
        next_update: datetime | None = NOW + 90 * DAY,
        kind: str = TL_TYPE,
        version: str = "6",
    ) -> bytes:
        """A national list; without services, of the realm's issuing CA for seals."""
        head = scheme(
            kind=kind,
            territory=territory,
            sequence=sequence,
            issued=issued,
            next_update=next_update,
            pointers="",
            version=version,
        )
        listed = "".join(service.xml() for service in services or (self.service(),))
        return signed(
            f"{head}<TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName>"
            '<Name xml:lang="en">Trust GmbH</Name></TSPName></TSPInformation>'
            f"<TSPServices>{listed}</TSPServices></TrustServiceProvider></TrustServiceProviderList>",
            signer or self.germany,
        )

    def service(self, *entries: Entry, ca: pki.Identity | None = None) -> Service:
        """Of the realm's issuing CA."""
        return Service(ca=ca or self.issuing.identity, entries=entries or (Entry(),))

    def read(self, *files: bytes, anchors: Sequence[pki.Identity] | None = None, **others) -> TrustedLists:
        """The lists as the gateway reads them."""
        return read_trusted_lists(
            [ListFile(name=f"{number}.xml", data=data) for number, data in enumerate(files)],
            [
                one.certificate.public_bytes(Encoding.DER)
                for one in ([self.union] if anchors is None else anchors)
            ],
            algorithms=POLICY.algorithms,
            limits=XmlPolicy(),
            **others,
        )


@cache
def union() -> Union:
    """The same for every test; nobody writes to it."""
    return Union()
