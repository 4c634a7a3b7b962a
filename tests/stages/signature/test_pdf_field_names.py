# SPDX-License-Identifier: EUPL-1.2
"""What a PDF calls its fields, and the old format with a digest inside: read as people and rules expect it."""

from hashlib import sha1
from types import SimpleNamespace

import pytest
from pdfroom import plain_pdf, room
from trustroom import NOW, POLICY, sign

from gateway.codes import Code
from gateway.stages.signature.cms.signed_data import read_signed_data
from gateway.stages.signature.pdf.signed_bytes import check_signed_bytes

BYTES = b"the signed bytes"


@pytest.mark.parametrize(
    ("spelled", "shown"),
    [
        (b"(Siegel)", "Siegel"),
        (b"(\xfe\xff\xd8\x00\x00A\x00B)", "\ufffd\ufffd\ufffd\0\0A\0B"),
        (b"(\x9fUnter)", "\ufffdUnter"),
        (b"/Siegel", "/Siegel"),
        (b"12", ""),
        (b"[(a)]", ""),
    ],
)
def test_a_field_is_called_as_people_may_read_it(spelled, shown):
    pdf = room().sign(plain_pdf(packed=False)).replace(b"(Signature1)", spelled.ljust(12))
    (report,) = room().judge(pdf).signatures
    assert f"zeugnis.pdf#1 {shown}".strip() == report.id


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [("data", []), ("1.2.840.113549.1.9.16.1.4", [(Code.CMS_STRUCTURE, "content of type data")])],
)
def test_a_digest_inside_is_of_the_kind_that_a_signature_is_over(kind, wrong):
    info = sign(room().seal, sha1(BYTES, usedforsecurity=False).digest(), detached=False)
    info["content"]["encap_content_info"]["content_type"] = kind
    data = read_signed_data(info.dump(force=True), place="p7s")
    case = SimpleNamespace(
        policy=POLICY, moment=NOW, digest=lambda gap, name: sha1(BYTES, usedforsecurity=False).digest()
    )
    field = SimpleNamespace(format="adbe.pkcs7.sha1", claimed_time=None)
    _, findings = check_signed_bytes(data, field, None, case, place="p7s")
    assert wrong == [(f.code, f.expected) for f in findings if f.expected == "content of type data"]
