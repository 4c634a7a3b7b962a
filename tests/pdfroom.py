# SPDX-License-Identifier: EUPL-1.2
"""PDFs for the tests: made, signed and grown by pyHanko's writers, judged by our code."""

import asyncio
import io
import zlib
from collections.abc import Callable
from datetime import datetime
from functools import cache

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PdfFileWriter
from pyhanko.pdf_utils.xref import ObjectStream
from pyhanko.sign import fields, signers
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore
from trustroom import DAY, NOW, POLICY, Realm, _asn1_key, asn1, der, stamp_unit, timestamper

from gateway.demo import pki
from gateway.findings import blocking
from gateway.model.trust import SignaturePolicy, TrustMaterial
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.pdf.pades import PdfJudgement, judge_pdf

NAME = "zeugnis.pdf"
SIGNED_AT = NOW - DAY

array, stream = generic.ArrayObject, generic.StreamObject


def pdf_dictionary(entries: dict[str, generic.PdfObject]) -> generic.DictionaryObject:
    return generic.DictionaryObject({pdf_name(key): value for key, value in entries.items()})


def number(value: int) -> generic.NumberObject:
    return generic.NumberObject(value)


class _Packing(PdfFileWriter):
    """Puts every object that is added after the page, and may stand there, into an object stream."""

    room: ObjectStream | None = None

    def add_object(self, obj, obj_stream=None, idnum=None):
        if self.room is not None and not isinstance(obj, generic.StreamObject):
            obj_stream = self.room
        return super().add_object(obj, obj_stream, idnum)


def plain_pdf(
    change: Callable[[PdfFileWriter, generic.DictionaryObject], None] = lambda writer, page: None,
    *,
    packed: bool = True,
) -> bytes:
    """One page with a line of text. ``change`` gets the writer and the page; ``packed`` puts objects in object streams."""
    writer = _Packing(stream_xrefs=True) if packed else PdfFileWriter(stream_xrefs=False)
    font = pdf_dictionary(
        {"/Type": pdf_name("/Font"), "/Subtype": pdf_name("/Type1"), "/BaseFont": pdf_name("/Helvetica")}
    )
    content = writer.add_object(stream(stream_data=b"BT /F1 12 Tf 72 720 Td (Zeugnis JavaScript /JS) Tj ET"))
    page = pdf_dictionary(
        {
            "/Type": pdf_name("/Page"),
            "/MediaBox": array([number(n) for n in (0, 0, 595, 842)]),
            "/Contents": content,
            "/Resources": pdf_dictionary({"/Font": pdf_dictionary({"/F1": font})}),
        }
    )
    writer.insert_page(page)
    if isinstance(writer, _Packing):
        writer.room = writer.prepare_object_stream()
    change(writer, page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def grown(pdf: bytes, change: Callable[[IncrementalPdfFileWriter], None]) -> bytes:
    """The PDF with one version more."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


class _AtSignedTime(signers.PdfSigner):
    """pyHanko's signer with a clock that stands still."""

    moment = SIGNED_AT

    def init_signing_session(self, *arguments, **options):
        session = super().init_signing_session(*arguments, **options)
        session.system_time = self.moment
        return session

    def _enforce_certification_constraints(self, reader) -> None:
        """A hostile signer does not ask for permission."""


class PdfRoom(Realm):
    """A realm with a time-stamping unit, whose store trusts both."""

    def __init__(self) -> None:
        super().__init__()
        self.unit = stamp_unit(self.issuing)
        self.store = TrustStore(self.full_material())

    def full_material(self, **changes: tuple[bytes, ...]) -> TrustMaterial:
        return self.material(**{"tsa_anchors": (der(self.root.identity),), **changes})

    def sign(
        self,
        pdf: bytes | None = None,
        *,
        identity: pki.Identity | None = None,
        level: str = "B-B",
        field: str = "Signature1",
        moment: datetime = SIGNED_AT,
        stamped_at: datetime | None = None,
        **metadata,
    ) -> bytes:
        """Signed by pyHanko. ``metadata`` goes to ``PdfSignatureMetadata``."""
        identity = identity or self.seal
        registry = SimpleCertificateStore()
        registry.register_multiple([asn1(c) for c in identity.chain])
        new_field = metadata.pop("new_field", None)
        stamps = (
            None
            if level == "B-B"
            else timestamper(self.unit, stamped_at if stamped_at is not None else moment)
        )
        if level in {"B-LT", "B-LTA"}:
            metadata |= {
                "embed_validation_info": True,
                "use_pades_lta": level == "B-LTA",
                "validation_context": self._context(moment),
            }
        if level == "B-LTA":
            metadata["timestamp_field_name"] = f"Stamp of {field}"
        signer = _AtSignedTime(
            signers.PdfSignatureMetadata(
                field_name=field,
                **{"subfilter": fields.SigSeedSubFilter.PADES, "md_algorithm": "sha256", **metadata},
            ),
            signers.SimpleSigner(asn1(identity.certificate), _asn1_key(identity), registry),
            timestamper=stamps,
            new_field_spec=new_field,
        )
        signer.moment = moment
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf if pdf is not None else plain_pdf()))
        return asyncio.run(signer.async_sign_pdf(writer)).getvalue()

    def stamp(self, pdf: bytes, *, moment: datetime = SIGNED_AT, field: str = "Stamp1") -> bytes:
        """With a document time-stamp more."""
        stamper = signers.PdfTimeStamper(timestamper(self.unit, moment), field_name=field)
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        out = asyncio.run(stamper.async_timestamp_pdf(writer, "sha256"))
        return out.getvalue()

    def judge(
        self,
        pdf: bytes,
        *,
        store: TrustStore | None = None,
        policy: SignaturePolicy = POLICY,
        moment: datetime = NOW,
    ) -> PdfJudgement:
        return judge_pdf(pdf, name=NAME, trust=store or self.store, policy=policy, moment=moment)

    def _context(self, moment: datetime) -> ValidationContext:
        crls = [bytes(crl) for crl in self.crls(moment)]
        return ValidationContext(
            trust_roots=[asn1(self.root.identity.certificate)],
            other_certs=[asn1(self.issuing.identity.certificate)],
            crls=crls,
            moment=moment,
            allow_fetching=False,
            revocation_mode="hard-fail",
        )


@cache
def room() -> PdfRoom:
    """The same realm for every test; nobody writes to it."""
    return PdfRoom()


@cache
def signed_pdf() -> bytes:
    """One signed PDF for all tests that only harm it."""
    return room().sign()


def change_page(writer: IncrementalPdfFileWriter) -> None:
    page, _ = writer.find_page_for_modification(0)
    page.get_object()[pdf_name("/Rotate")] = number(90)
    writer.mark_update(page)


def wrong(judgement: PdfJudgement) -> list[str]:
    """Codes of what blocks, each once."""
    return list(dict.fromkeys(finding.code.value for finding in blocking(judgement.findings)))


def set_in_catalogue(key: str, value: generic.PdfObject) -> Callable[..., None]:
    """A change for ``plain_pdf`` or ``grown``."""

    def change(writer, page=None) -> None:
        indirect = isinstance(value, generic.DictionaryObject)
        writer.root[pdf_name(key)] = writer.add_object(value) if indirect else value
        writer.update_root()

    return change


def action(kind: str, **entries: generic.PdfObject) -> generic.DictionaryObject:
    """An action dictionary."""
    values = {"/S": pdf_name(kind), **{f"/{name}": value for name, value in entries.items()}}
    return pdf_dictionary(values)


def text(value: str) -> generic.PdfObject:
    return pdf_string(value)


SCRIPT = action("/JavaScript", JS=text("app.alert(1)"))


def classic(*objects: bytes, trailer: bytes = b"", start: int | None = None) -> bytes:
    """A PDF by hand: objects 1.., one cross-reference table."""
    out = b"%PDF-1.7\n"
    places = []
    for position, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (position, body)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R %b >>\n" % (len(objects) + 1, trailer)
    return out + b"startxref\n%d\n%%%%EOF\n" % (table if start is None else start)


def streamed(entries: bytes = b"", data: bytes = bytes(170)) -> bytes:
    """A PDF by hand whose table is a cross-reference stream with these entries in its dictionary."""
    out = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n"
    out += b"2 0 obj\n<< /Type /Pages /Kids [] /Count 0 >>\nendobj\n"
    packed = zlib.compress(data, 9)
    table = b"<< /Type /XRef /Root 1 0 R %b /Filter /FlateDecode /Length %d >>" % (entries, len(packed))
    body = b"3 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (table, packed)
    return out + body + b"startxref\n%d\n%%%%EOF\n" % len(out)


CATALOGUE = b"<< /Type /Catalog /Pages 2 0 R %b >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>"
