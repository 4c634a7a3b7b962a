# SPDX-License-Identifier: EUPL-1.2
"""Which entries a signature speaks for: references, manifests of CMS signatures, ASiC-S, assertions without a signer."""

from base64 import b64encode
from hashlib import sha256

import pytest
import trustroom
from signed_bundles import NOW, SIGNATURES, codes, judged, packed, repacked, unpacked

from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xmldsig.references import EntryNames, entry_name

ASIC_E = b"application/vnd.etsi.asic-e+zip"
ASIC_S = b"application/vnd.etsi.asic-s+zip"
NAMESPACES = 'xmlns="http://uri.etsi.org/02918/v1.2.1#" xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
REALM = trustroom.Realm()


def manifest(files: dict[str, bytes], signature: str = "META-INF/signature001.p7s") -> bytes:
    rows = "".join(
        f'<DataObjectReference URI="{name}"><ds:DigestMethod Algorithm="{SHA256}"/>'
        f"<ds:DigestValue>{b64encode(sha256(data).digest()).decode()}</ds:DigestValue></DataObjectReference>"
        for name, data in files.items()
    )
    return f'<ASiCManifest {NAMESPACES}><SigReference URI="{signature}"/>{rows}</ASiCManifest>'.encode()


def cades(content: bytes) -> bytes:
    return trustroom.sign(REALM.seal, content).dump()


FILES = {"dossier.xml": b"<dossier/>", "pass.pdf": b"%PDF pass"}


def asic_e_cades(signed: dict[str, bytes] = FILES, files: dict[str, bytes] = FILES, **others: bytes) -> bytes:
    text = manifest(signed)
    return repacked(
        {
            "mimetype": ASIC_E,
            **files,
            "META-INF/ASiCManifest001.xml": text,
            "META-INF/signature001.p7s": cades(text),
            **{f"META-INF/{name.replace('__', '.')}": data for name, data in others.items()},
        }
    )


def judge(container: bytes):
    return judged(
        container,
        store=TrustStore(REALM.material()),
        policy=trustroom.POLICY,
        moment=trustroom.NOW,
    )


def test_a_cades_container_passes_and_its_manifest_says_what_is_covered():
    report = judge(asic_e_cades())
    assert ("TOTAL-PASSED", "intact", []) == (report.indication, report.integrity, codes(report))
    assert ["dossier.xml", "pass.pdf"] == sorted(report.signatures[0].covers)


def test_a_changed_file_breaks_a_cades_container():
    report = judge(asic_e_cades(files=FILES | {"pass.pdf": b"%PDF other"}))
    assert ("TOTAL-FAILED", "HASH_FAILURE", "broken") == (
        report.indication,
        report.sub_indication,
        report.integrity,
    )


def test_a_changed_file_is_told_once_and_not_called_unsigned():
    of_manifest = judge(asic_e_cades(files=FILES | {"pass.pdf": b"%PDF other"}))
    direct = {"mimetype": ASIC_S, "dossier.xml": b"<b/>", "META-INF/signature.p7s": cades(b"<a/>")}
    of_xades = judged(repacked(unpacked(packed()) | {"pass.pdf": b"%PDF other"}))
    for report in (of_manifest, judge(repacked(direct)), of_xades):
        assert (["signature-digest-mismatch"], "broken") == (codes(report), report.integrity)


def test_a_signature_without_a_reading_leaves_nothing_out():
    report = judged(repacked(unpacked(packed()) | {SIGNATURES: b"<x/>"}))
    assert (["signature-structure"], "broken") == (codes(report), report.integrity)


def test_a_changed_manifest_breaks_a_cades_container():
    entries = unpacked(asic_e_cades())
    entries["META-INF/ASiCManifest001.xml"] = manifest(FILES | {"pass.pdf": b"%PDF other"})
    entries["pass.pdf"] = b"%PDF other"
    report = judge(repacked(entries))
    assert ("TOTAL-FAILED", "broken") == (report.indication, report.integrity)


def test_a_file_outside_the_manifest_is_unsigned():
    report = judge(asic_e_cades(files=FILES | {"extra.pdf": b"%PDF"}))
    assert ("INDETERMINATE", "broken", ["unsigned-content"]) == (
        report.indication,
        report.integrity,
        codes(report),
    )


def test_a_file_of_the_manifest_that_is_not_there_is_named():
    report = judge(asic_e_cades(signed=FILES | {"gone.pdf": b"%PDF"}))
    assert ("INDETERMINATE", "SIGNED_DATA_NOT_FOUND") == (report.indication, report.sub_indication)
    assert any("gone.pdf" in finding.place for finding in report.findings)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("ASiCManifest002__xml", manifest(FILES), "manifest-mismatch"),
        ("ASiCManifest002__xml", manifest(FILES, "META-INF/nowhere.p7s"), "manifest-mismatch"),
        ("ASiCManifest002__xml", manifest(FILES, "dossier.xml"), "manifest-malformed"),
        ("ASiCManifest002__xml", manifest({}, "META-INF/x.p7s"), "manifest-malformed"),
        ("ASiCManifest002__xml", b"<ASiCManifest/>", "manifest-malformed"),
        ("ASiCManifest002__xml", b"<", "xml-malformed"),
        ("signature002__p7s", cades(b"other"), "manifest-mismatch"),
        ("signatures001__xml", unpacked(packed())[SIGNATURES], "signature-structure"),
    ],
)
def test_nothing_beside_the_signed_manifest_goes_unnoticed(name, data, code):
    report = judge(asic_e_cades(**{name: data}))
    assert "TOTAL-PASSED" != report.indication
    assert code in codes(report)


def test_a_signature_under_the_name_of_a_manifest_is_no_manifest():
    report = judged(repacked(unpacked(packed()) | {"META-INF/signaturesASiCManifest.xml": b"<x/>"}))
    assert ("TOTAL-FAILED", ["manifest-malformed"]) == (report.indication, codes(report))


@pytest.mark.parametrize("name", ["META-INF/asicmanifest.xml", "META-INF/my-ASiCManifest-1.xml"])
@pytest.mark.parametrize("files", [FILES, {"dossier.xml": b"<dossier/>"}])
def test_a_manifest_counts_under_every_name_that_the_container_takes_for_one(name, files):
    entries = unpacked(asic_e_cades(files, files))
    entries[name] = entries.pop("META-INF/ASiCManifest001.xml")
    report = judge(repacked(entries))
    assert ("TOTAL-PASSED", []) == (report.indication, codes(report))


def test_without_its_manifest_a_cades_container_is_not_called_tampered_with():
    entries = unpacked(asic_e_cades({"dossier.xml": b"<a/>"}, {"dossier.xml": b"<a/>"}))
    del entries["META-INF/ASiCManifest001.xml"]
    found = codes(judge(repacked(entries)))
    assert "manifest-mismatch" in found
    assert "signature-digest-mismatch" not in found


@pytest.mark.parametrize(("critical", "passes"), [("true", False), ("1", False), ("false", True)])
def test_a_manifest_that_forbids_to_go_on_without_knowing_an_extension_is_refused(critical, passes):
    extension = f'<Extension Critical="{critical}"><x xmlns="urn:x"/></Extension>'
    text = manifest(FILES).replace(
        b"</ASiCManifest>",
        f"<ASiCManifestExtensions>{extension}</ASiCManifestExtensions></ASiCManifest>".encode(),
    )
    entries = unpacked(asic_e_cades()) | {
        "META-INF/ASiCManifest001.xml": text,
        "META-INF/signature001.p7s": cades(text),
    }
    report = judge(repacked(entries))
    assert (report.indication == "TOTAL-PASSED") is passes
    assert passes or "manifest-malformed" in codes(report)


def test_an_asic_s_signature_covers_the_one_file_directly():
    entries = {"mimetype": ASIC_S, "dossier.xml": b"<a/>", "META-INF/signature.p7s": cades(b"<a/>")}
    report = judge(repacked(entries))
    assert ("TOTAL-PASSED", ("dossier.xml",)) == (report.indication, report.signatures[0].covers)
    changed = judge(repacked(entries | {"dossier.xml": b"<b/>"}))
    assert ("TOTAL-FAILED", "broken") == (changed.indication, changed.integrity)


def test_an_unsigned_container_is_told_apart_from_a_broken_one():
    entries = {name: data for name, data in unpacked(packed()).items() if name != SIGNATURES}
    report = judged(repacked(entries))
    assert ("unsigned", "TOTAL-FAILED", ["signature-missing"]) == (
        report.integrity,
        report.indication,
        codes(report),
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("META-INF/evidencerecord.xml", "evidence-record-unchecked"),
        ("META-INF/evidencerecord.ers", "evidence-record-unchecked"),
        ("META-INF/timestamp.tst", "signature-form-not-supported"),
    ],
)
def test_an_assertion_without_signer_is_never_a_signature(name, code):
    entries = {key: data for key, data in unpacked(packed()).items() if key != SIGNATURES}
    report = judged(repacked(entries | {name: b"x"}))
    assert "unchecked" == report.integrity
    assert {code, "signature-missing"} <= set(codes(report))


def test_an_evidence_record_beside_a_signature_is_named_and_not_relied_on():
    report = judged(repacked(unpacked(packed()) | {"META-INF/evidencerecord.xml": b"x"}))
    assert ("TOTAL-PASSED", True) == (
        report.indication,
        "evidence-record-unchecked" in {finding.code for finding in report.findings},
    )


@pytest.mark.parametrize(
    "name",
    [
        "META-INF/Signatures9.XML",
        "META-INF/my-signatures-1.xml",
        "META-INF/x/signature.xml",
        "META-INF/signatures-manifest.xml",
        "META-INF/MANIFEST-signatures1.xml",
    ],
)
def test_no_signature_hides_behind_an_unusual_name(name):
    entries = unpacked(packed())
    entries[name] = b"<x/>"
    report = judged(repacked(entries))
    assert "signature-structure" in codes(report)


def test_a_comma_in_the_name_of_a_signature_file_stays_in_its_place():
    entries = unpacked(packed())
    entries["META-INF/signatures,1.xml"] = entries.pop(SIGNATURES)
    report = judged(repacked(entries))
    assert ("TOTAL-PASSED", ["META-INF/signatures,1.xml"]) == (
        report.indication,
        [signature.place for signature in report.signatures],
    )


def test_the_media_type_in_the_manifest_has_to_be_the_signed_one():
    entries = unpacked(packed())
    entries["META-INF/manifest.xml"] = entries["META-INF/manifest.xml"].replace(
        b"application/pdf", b"text/html"
    )
    assert ["manifest-mismatch"] == codes(judged(repacked(entries)))


def test_a_file_that_is_not_in_the_signature_is_unsigned_content():
    entries = unpacked(packed())
    del entries["META-INF/manifest.xml"]
    report = judged(repacked(entries | {"extra.pdf": b"%PDF"}))
    assert (["unsigned-content"], "broken") == (codes(report), report.integrity)
    assert [()] == [document.covered_by for document in report.documents if document.name == "extra.pdf"]


def test_names_meet_across_unicode_forms_only_if_the_match_is_unique():
    composed, decomposed = "\u00fc.pdf", "u\u0308.pdf"
    assert decomposed == EntryNames.of([decomposed]).find(composed)
    assert composed == EntryNames.of([composed, decomposed]).find(composed)
    assert EntryNames.of(["a.pdf"]).find("A.pdf") is None


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("a%20b.pdf", "a b.pdf"),
        ("a+b.pdf", "a+b.pdf"),
        ("a%2Bb.pdf", "a+b.pdf"),
        ("%C3%BC.pdf", "ü.pdf"),
        ("ü", "ü"),
    ],
)
def test_an_entry_name_is_percent_decoded_once(uri, name):
    assert name == entry_name(uri, "")


def test_800_files_are_covered_by_one_signature():
    files = {f"d{number}.pdf": b"%PDF" for number in range(800)}
    report = judged(packed(files), moment=NOW)
    assert ("TOTAL-PASSED", 800) == (report.indication, len(report.signatures[0].covers))
