# SPDX-License-Identifier: EUPL-1.2
"""A dossier.xml that means harm: refused, followed nowhere, and within the bounds of the policy."""

import socket
import threading

import pytest
from dossierroom import EXAMPLE, example, schema
from readingroom import findings_of, read, seen

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.policy import XmlPolicy
from gateway.stages.dossier import NAMESPACE, read_dossier


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        (b"<chamber>ihk-erfurt<", b"<chamber>ihk<!-- x -->-erfurt<", Code.XML_COMMENT),
        (b"<reference>", b"<?x y?><reference>", Code.XML_COMMENT),
        (b"<dossier ", b"<!-- before --><dossier ", Code.XML_COMMENT),
        (b"</dossier>", b"</dossier><!-- after -->", Code.XML_COMMENT),
        (b"<dossier ", b"<!DOCTYPE dossier [<!ENTITY x 'y'>]><dossier ", Code.XML_DOCTYPE),
        (b"<dossier ", b"<!DOCTYPE dossier><dossier ", Code.XML_DOCTYPE),
        (b"encoding='UTF-8'", b"encoding='ISO-8859-1'", Code.XML_ENCODING),
        (b"</dossier>", b"", Code.XML_MALFORMED),
        (b"<role>bote<", b"<role>&bote;<", Code.XML_DOCTYPE),
        (b"<reference>", b"<a>" * 300 + b"</a>" * 300 + b"<reference>", Code.XML_LIMITS),
    ],
)
def test_hostile_xml_has_its_own_code(old, new, code):
    data = EXAMPLE.replace(old, new, 1)
    assert data != EXAMPLE
    assert [code] == [f.code for f in findings_of(data)]


def test_bounds_come_from_the_policy():
    with pytest.raises(Rejected, match=str(Code.XML_LIMITS)):
        read_dossier(EXAMPLE, schema=schema(), xml=XmlPolicy(max_bytes=100))


def test_schema_hints_in_the_file_are_never_followed():
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.2)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.xsd"
    called = threading.Event()

    def wait():
        try:
            listener.accept()[0].close()
            called.set()
        except TimeoutError:
            pass

    thread = threading.Thread(target=wait)
    thread.start()
    hint = (
        f'<dossier xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        f'xsi:schemaLocation="{NAMESPACE} {url} urn:other {url}" xsi:noNamespaceSchemaLocation="{url}" '
    ).encode()
    assert example() == read(EXAMPLE.replace(b"<dossier ", hint, 1))
    thread.join()
    listener.close()
    assert not called.is_set()


@pytest.mark.parametrize("attribute", [b'a="b" ', b'xmlns:p="urn:p" p:a="b" ', b'xml:lang="de" '])
def test_attributes_are_refused(attribute):
    data = EXAMPLE.replace(b"<dossier ", b"<dossier " + attribute, 1)
    assert {(Code.DOSSIER_SCHEMA, "/dossier")} == seen(findings_of(data))


def test_nil_and_foreign_types_do_not_replace_ours():
    xsi = b'<dossier xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema" '
    for change in (b'<surname xsi:nil="true">', b'<surname xsi:type="xs:string">'):
        data = EXAMPLE.replace(b"<dossier ", xsi, 1).replace(b"<surname>", change, 1)
        assert {Code.DOSSIER_SCHEMA} == {f.code for f in findings_of(data)}


def test_a_huge_value_is_cut_before_it_is_reported():
    (finding,) = findings_of(EXAMPLE.replace(b">ihk-erfurt<", b">{" + b":" * 3_000_000 + b"<", 1))
    assert (Code.DOSSIER_SCHEMA, "/dossier/chamber") == (finding.code, finding.place)
    assert len(finding.got) <= 300
