# SPDX-License-Identifier: EUPL-1.2
"""Bundles in which addresses stand wherever one can stand: signatures, dossiers, manifests, PDFs. For the canary test."""

import io
from collections.abc import Callable, Mapping
from datetime import datetime

import gatewayroom
from lxml import etree
from pdfroom import action, array, pdf_dictionary, plain_pdf, room, set_in_catalogue, stream, text
from pyhanko.pdf_utils.generic import pdf_name
from signed_bundles import SIGNATURES, changed, first, packed, repacked, unpacked

from gateway.demo import pki
from gateway.demo.bundles import Stamp, signing_identity
from gateway.model.dossier import Dossier
from gateway.packing import PackedFile, pack_bundle
from gateway.stages.dossier import DOSSIER_NAME, write_dossier
from gateway.stages.signature.xmldsig.names import ds, xades

Address = Callable[[str], str]  # word -> an address with this word in it
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_INCLUDE = "http://www.w3.org/2001/XInclude"


def dossiers(
    dossier: Dossier, seal: pki.Identity, stamp: Stamp, moment: datetime, address: Address
) -> dict[str, bytes]:
    """A good one whose certificates lure, and ones whose ``dossier.xml`` does."""
    xml = write_dossier(dossier)
    paper = room().sign(identity=seal, moment=moment)
    return {
        "certificates": signed(dossier, seal, moment, paper, stamp=stamp),
        **{
            f"dossier {name}": signed(dossier, seal, moment, b"", xml=lured)
            for name, lured in _documents(xml, address).items()
        },
    }


def signed(
    dossier: Dossier,
    seal: pki.Identity,
    moment: datetime,
    paper: bytes,
    *,
    xml: bytes = b"",
    stamp: Stamp | None = None,
) -> bytes:
    """The dossier with this paper as each of its documents."""
    files = [PackedFile.of(DOSSIER_NAME, "application/xml", xml or write_dossier(dossier))]
    files += [
        PackedFile.of(d.file, d.media_type, paper or gatewayroom.paper(d.type)) for d in dossier.documents
    ]
    out = io.BytesIO()
    pack_bundle(out, files, identity=signing_identity(seal), moment=moment, timestamper=stamp)
    return out.getvalue()


def _documents(xml: bytes, address: Address) -> dict[str, bytes]:
    """The same XML document with an address in each of the places that XML has for one."""
    head, body = xml.split(b"?>", 1)
    name = etree.fromstring(xml).tag.rpartition("}")[2]

    def before(text: str) -> bytes:
        return head + b"?>" + text.encode() + body

    def inside(change: Callable[[etree._Element], object]) -> bytes:
        root = etree.fromstring(xml)
        change(root)
        return etree.tostring(root, xml_declaration=True, encoding="UTF-8")

    def located(root: etree._Element) -> None:
        root.set(f"{{{_INSTANCE}}}schemaLocation", f"urn:x {address('schema')}")
        root.set(f"{{{_INSTANCE}}}noNamespaceSchemaLocation", address("no-namespace-schema"))

    return {
        "dtd": before(f'<!DOCTYPE {name} SYSTEM "{address("dtd")}">'),
        "public dtd": before(f'<!DOCTYPE {name} PUBLIC "-//X//Y" "{address("public-dtd")}">'),
        "entity": before(f'<!DOCTYPE {name} [<!ENTITY % e SYSTEM "{address("entity")}"> %e;]>'),
        "style sheet": before(f'<?xml-stylesheet type="text/xsl" href="{address("style")}"?>'),
        "schema location": inside(located),
        "include": inside(
            lambda root: etree.SubElement(root, f"{{{_INCLUDE}}}include", href=address("include"))
        ),
    }


def papers(address: Address) -> Mapping[str, bytes]:
    """PDFs that name an address, each in another way."""

    def opens(kind: str, **entries: object) -> bytes:
        return plain_pdf(set_in_catalogue("/OpenAction", action(kind, **entries)), packed=False)

    def linked(_writer, page) -> None:
        link = {"/Subtype": pdf_name("/Link"), "/A": action("/URI", URI=text(address("link")))}
        page[pdf_name("/Annots")] = array([pdf_dictionary(link)])

    def web(word: str) -> object:
        return pdf_dictionary({"/FS": pdf_name("/URL"), "/F": text(address(word))})

    def seed(writer, _page) -> None:
        stamping = pdf_dictionary({"/URL": text(address("tsa"))})
        field = pdf_dictionary(
            {"/FT": pdf_name("/Sig"), "/T": text("S"), "/SV": pdf_dictionary({"/TimeStamp": stamping})}
        )
        form = pdf_dictionary({"/Fields": array([writer.add_object(field)])})
        writer.root[pdf_name("/AcroForm")] = writer.add_object(form)

    def outside(writer, page) -> None:
        page[pdf_name("/Contents")] = writer.add_object(
            stream({pdf_name("/F"): web("contents")}, stream_data=b"")
        )

    return {
        "link": plain_pdf(linked, packed=False),
        "opened address": opens("/URI", URI=text(address("opened"))),
        "form": opens("/SubmitForm", F=web("form")),
        "other file": opens("/GoToR", F=web("other-file")),
        "launch": opens("/Launch", F=web("launch")),
        "data": opens("/ImportData", F=web("data")),
        "stream outside": plain_pdf(outside, packed=False),
        "stamping service": plain_pdf(seed, packed=False),
        "base": plain_pdf(
            set_in_catalogue("/URI", pdf_dictionary({"/Base": text(address("base"))})), packed=False
        ),
    }


def signatures(address: Address) -> dict[str, bytes]:
    """Bundles signed anew after an address was put into the signature, and into the files beside it."""

    def pointing(tag: str) -> Callable[[etree._Element], None]:
        def change(root: etree._Element) -> None:
            etree.SubElement(first(root, ds("KeyInfo")), tag, URI=address("key"))

        return change

    def policy(root: etree._Element) -> None:
        place = etree.SubElement(
            first(root, xades("SignedSignatureProperties")), xades("SignaturePolicyIdentifier")
        )
        identity = etree.SubElement(place, xades("SignaturePolicyId"))
        number = etree.SubElement(identity, xades("SigPolicyId"))
        etree.SubElement(number, xades("Identifier")).text = address("policy")
        references = etree.SubElement(number, xades("DocumentationReferences"))
        etree.SubElement(references, xades("DocumentationReference")).text = address("policy-document")
        digest = etree.SubElement(identity, xades("SigPolicyHash"))
        etree.SubElement(digest, ds("DigestMethod"), Algorithm="http://www.w3.org/2001/04/xmlenc#sha256")
        etree.SubElement(digest, ds("DigestValue")).text = "AAAA"
        qualifier = etree.SubElement(
            etree.SubElement(identity, xades("SigPolicyQualifiers")), xades("SigPolicyQualifier")
        )
        etree.SubElement(qualifier, xades("SPURI")).text = address("policy-text")

    def reference(root: etree._Element) -> None:
        first(root, ds("Reference")).set("URI", address("reference"))

    def transform(root: etree._Element) -> None:
        steps = etree.Element(ds("Transforms"))
        etree.SubElement(steps, ds("Transform"), Algorithm=address("transform"))
        first(root, ds("Reference")).insert(0, steps)

    changes = {
        "retrieval": pointing(ds("RetrievalMethod")),
        "key reference": pointing("{http://www.w3.org/2009/xmldsig11#}KeyInfoReference"),
        "policy": policy,
        "reference": reference,
        "transform": transform,
    }
    plain = unpacked(packed())
    return {
        **{name: changed(packed(), change, sign_again=True) for name, change in changes.items()},
        **{
            f"{entry} {name}": repacked({**plain, entry: lured})
            for entry in (SIGNATURES, "META-INF/manifest.xml")
            for name, lured in _documents(plain[entry], address).items()
        },
    }
