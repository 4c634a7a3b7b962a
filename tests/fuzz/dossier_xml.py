# SPDX-License-Identifier: EUPL-1.2
"""``dossier.xml``: what is read, expat reads too, and written down again it is the same dossier."""

from collections.abc import Mapping

import pdfroom
from dossierroom import EXAMPLE, schema
from sample_dossier import sample_dossier

from fuzz import xml_mutator
from fuzz.contract import ACCEPTED, REFUSED, Target, must
from fuzz.second_xml_reader import same_reading
from gateway.errors import Rejected
from gateway.markup import parse
from gateway.policy import XmlPolicy
from gateway.stages.dossier import read_dossier, write_dossier

_XML = XmlPolicy()


def judge(data: bytes) -> str:
    try:
        root = parse(data, place="dossier.xml", limits=_XML)
    except Rejected:
        return REFUSED
    same_reading(root, data)
    try:
        dossier = read_dossier(data, schema=schema(), xml=_XML)
    except Rejected:
        return REFUSED
    must(
        read_dossier(write_dossier(dossier), schema=schema(), xml=_XML) == dossier,
        "another dossier when written",
    )
    return ACCEPTED


def seeds(_: pdfroom.PdfRoom) -> Mapping[str, bytes]:
    sample = write_dossier(sample_dossier())
    return {
        "accepted-example": EXAMPLE,
        "accepted-sample": sample,
        "refused-comment": sample.replace(b"</surname>", b"<!-- x --></surname>"),
        "refused-instruction": sample.replace(b"</surname>", b"<?x y?></surname>"),
        "refused-doctype": sample.replace(b"<dossier", b"<!DOCTYPE dossier><dossier", 1),
        "refused-entity": sample.replace(b"<dossier", b"<!DOCTYPE d [<!ENTITY e 'f'>]><dossier", 1),
        "refused-namespace": sample.replace(b"urn:amtsbote:dossier", b"urn:amtsbote:other"),
        "refused-day": sample.replace(b"1994-05-17", b"1994-02-30"),
        "refused-latin-1": sample.decode().encode("latin-1", "replace"),
        "refused-utf-16": sample.decode().encode("utf-16"),
        "refused-latin-1-behind-a-mark": b"\xef\xbb\xbf" + sample.replace(b"UTF-8", b"ISO-8859-1"),
        "refused-two-roots": sample + b"<dossier/>",
        "refused-cut": sample[: len(sample) // 2],
        "refused-deep": b"<a>" * 201 + b"</a>" * 201,
    }


TARGET = Target(
    name="dossier_xml",
    judge=judge,
    seeds=seeds,
    words=(
        *(
            b"urn:amtsbote:dossier:1.0",
            b"xmlns=",
            b"xmlns:a=",
            b"xsi:type=",
            b"xsi:nil=",
            b"xml:lang=",
            b"xml:space=",
        ),
        *(
            b"http://www.w3.org/2001/XMLSchema-instance",
            b"xsi:schemaLocation=",
            b"<!--",
            b"-->",
            b"<![CDATA[",
            b"]]>",
        ),
        *(
            b"<!DOCTYPE ",
            b"<!ENTITY ",
            b"&#x0;",
            b"&#x85;",
            b"&lt;",
            b"\xef\xbb\xbf",
            b"\xcc\x88",
            b"\xe2\x80\xae",
        ),
        *(
            b'<?xml version="1.1"?>',
            b'encoding="UTF-7"',
            b"9999-12-31",
            b"-0001-01-01",
            b"24:00:00",
            b"+14:00",
        ),
    ),
    mutate=xml_mutator.mutated,
    neighbours=r"(?!)",
    max_bytes=8 * 1024,
)
