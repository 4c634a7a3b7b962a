# SPDX-License-Identifier: EUPL-1.2
"""What a signer may get wrong although the mathematics are right, changed bytes, and what signxml says to both."""

from dataclasses import replace
from datetime import timedelta

import pytest
from foreign_signxml import signxml_objection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from signed_bundles import (
    FILES,
    NOW,
    POLICY,
    SIGNATURES,
    changed,
    codes,
    first,
    judged,
    judged_with_digests,
    packed,
    repacked,
    rsa_seal,
    signing_identity,
    unpacked,
    world,
)
from xades_cases import CASES, older_binding, policy_identifier, refer_to

from gateway.errors import Rejected
from gateway.model.trust import TrustMaterial
from gateway.stages.signature import verified
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.xmldsig.names import ds, xades


@pytest.mark.parametrize("case", CASES)
def test_a_wrong_signature_never_passes_although_the_signer_signed_it(case):
    change, code = CASES[case]
    report = judged(changed(packed(), change, sign_again=True))
    assert "TOTAL-PASSED" != report.indication
    assert code in codes(report)


def test_an_unchanged_signature_signed_again_passes():
    assert "TOTAL-PASSED" == judged(changed(packed(), lambda _: None, sign_again=True)).indication


@pytest.mark.parametrize("uri", ["dossier%2Exml", "%64ossier.xml", "dossier.xml"])
def test_a_uri_is_decoded_once(uri):
    assert "TOTAL-PASSED" == judged(changed(packed(), refer_to(uri), sign_again=True)).indication


def test_plus_is_a_plus_and_never_a_space():
    files = {"a b.pdf": b"%PDF-1", "a+c.pdf": b"%PDF-2"}
    assert "TOTAL-PASSED" == judged(packed(files)).indication
    report = judged(changed(packed(files), refer_to("a+b.pdf"), sign_again=True))
    assert "signed-file-missing" in codes(report)


def test_a_policy_we_do_not_know_is_named_and_judged_by_our_own_rules():
    report = judged(changed(packed(), policy_identifier, sign_again=True))
    assert "TOTAL-PASSED" == report.indication
    assert [("signature-policy", "warning")] == [(f.code, f.severity) for f in report.findings]


def test_an_rsa_key_below_the_table_is_refused_but_its_integrity_is_told():
    small = replace(POLICY, algorithms=tuple(replace(rule, min_key_bits=4096) for rule in POLICY.algorithms))
    report = judged(packed(identity=signing_identity(rsa_seal())), policy=small)
    assert ("INDETERMINATE", "CRYPTO_CONSTRAINTS_FAILURE", "intact") == (
        report.indication,
        report.sub_indication,
        report.integrity,
    )


def test_without_algorithm_rules_nothing_passes():
    report = judged(packed(), policy=replace(POLICY, algorithms=()))
    assert "INDETERMINATE" == report.indication


def test_without_anchors_nothing_passes_and_integrity_is_still_told():
    report, digested = judged_with_digests(packed(), store=TrustStore(TrustMaterial()))
    assert ("INDETERMINATE", "intact", ["no-anchors"]) == (report.indication, report.integrity, codes(report))
    with pytest.raises(Rejected, match="no-anchors"):
        verified(report, digested)


def test_without_revocation_data_the_answer_is_open():
    material = replace(world().material, crls=())
    report = judged(packed(), store=TrustStore(material))
    assert ("INDETERMINATE", "unknown") == (report.indication, report.signatures[0].revocation)


def test_a_revoked_signer_is_refused():
    issuing = world().root.subordinate("Revoking CA")
    seal = issuing.seal("IHK Widerruf")
    issuing.revoke(seal, NOW - timedelta(days=1))
    material = replace(world().material, crls=(world().root.crl(NOW), issuing.crl(NOW)))
    report = judged(packed(identity=signing_identity(seal)), store=TrustStore(material))
    assert "TOTAL-PASSED" != report.indication
    assert "revoked" == report.signatures[0].revocation
    assert "certificate-revoked" in codes(report)


def test_two_files_that_cannot_pass_alone_do_not_pass_together():
    def first_only(root: etree._Element) -> None:
        references = list(root.iter(ds("Reference")))
        formats = list(root.iter(xades("DataObjectFormat")))
        for unwanted in (*references[1:-1], *formats[1:]):
            unwanted.getparent().remove(unwanted)

    report = judged(changed(packed(), first_only, sign_again=True))
    uncovered = sorted(f.place for f in report.findings if f.code == "unsigned-content")
    assert sorted(set(FILES) - {"dossier.xml"}) == uncovered
    assert ("INDETERMINATE", "broken") == (report.indication, report.integrity)


def test_where_policy_allows_it_one_good_signature_over_everything_is_enough():
    entries = unpacked(packed())
    entries["META-INF/signatures1.xml"] = unpacked(packed({"other.pdf": b"x"}))[SIGNATURES]
    lenient = replace(POLICY, require_all_signatures=False)
    strict_report = judged(repacked(entries))
    report, digested = judged_with_digests(repacked(entries), policy=lenient)
    assert "TOTAL-PASSED" != strict_report.indication
    assert ["INDETERMINATE", "TOTAL-PASSED"] == sorted(s.indication for s in report.signatures)
    # The integrity of the whole still says that something in the container is broken, and so the door stays shut.
    assert "TOTAL-PASSED" != report.indication
    with pytest.raises(Rejected):
        verified(report, digested)


def test_the_same_content_has_the_same_digest_however_it_was_packed():
    one = verified(*judged_with_digests(packed()))
    again = verified(*judged_with_digests(repacked(unpacked(packed()))))
    other = verified(*judged_with_digests(packed(dict(FILES) | {"dossier.xml": b"<dossier/>"})))
    assert one.content_digest == again.content_digest != other.content_digest
    assert [world().seal.sha256] == [signer.certificate_sha256 for signer in one.signers]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_flipped_bit_in_signed_bytes_never_passes(data):
    entries = unpacked(packed())
    name = data.draw(st.sampled_from([*FILES]))
    content = bytearray(entries[name])
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= 1 << data.draw(st.integers(0, 7))
    report = judged(repacked(entries | {name: bytes(content)}))
    assert ("TOTAL-FAILED", "HASH_FAILURE", "broken") == (
        report.indication,
        report.sub_indication,
        report.integrity,
    )


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_changed_signature_file_never_raises_and_passes_only_with_the_same_meaning(data):
    entries = unpacked(packed())
    content = bytearray(entries[SIGNATURES])
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] = data.draw(st.integers(0, 255))
    report = judged(repacked(entries | {SIGNATURES: bytes(content)}))
    if report.indication == "TOTAL-PASSED":
        # Not covered by the value: white space between elements, certificates above the signer's, names of prefixes.
        assert "intact" == report.integrity
        assert set(FILES) == set(report.signatures[0].covers)
        assert world().seal.sha256 == report.signatures[0].signer.sha256


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=400) | st.text(max_size=200).map(str.encode))
def test_any_bytes_as_signature_file_give_a_report(content):
    entries = unpacked(packed()) | {SIGNATURES: content}
    report = judged(repacked(entries))
    assert "TOTAL-PASSED" != report.indication
    assert report.findings


STRICTER = {
    "binding by a weak digest",
    "older binding with another issuer",
    "older binding with another serial number",  # signxml does not look at KeyInfo where the caller pins the signer; the rest it does not check
    "certificate swapped for a twin",
    "no certificate",
    "truncated hmac",
    "no signing time",
    "signing time in the future",
    "signing time before the certificate",
    "issuer and serial of another",
    "no media type",
    "media type that is none",
    "no format",
    "format of nothing",
    "two formats for one file",
    "media type against the manifest",
    "xslt",
    "xpath",
    "enveloped",
}
FALLS_OVER = {  # signxml applies these transforms to the bytes of a file as if they were elements
    "base64": AttributeError,
    "canonicalised file": TypeError,
    "several transforms": TypeError,
}


def objection(container: bytes) -> str:
    entries = unpacked(container)
    signature = first(etree.fromstring(entries[SIGNATURES]), ds("Signature"))
    return signxml_objection(signature, entries, world().seal.certificate_der)


@pytest.mark.parametrize("case", sorted(CASES.keys() - FALLS_OVER))
def test_what_signxml_refuses_we_refuse_and_where_we_are_stricter_is_known(case):
    change, _ = CASES[case]
    assert (case in STRICTER) == (objection(changed(packed(), change, sign_again=True)) == "")


@pytest.mark.parametrize(("case", "fall"), FALLS_OVER.items())
def test_where_signxml_falls_over_it_has_no_opinion(case, fall):
    change, _ = CASES[case]
    with pytest.raises(fall):
        objection(changed(packed(), change, sign_again=True))


def test_both_accept_the_untouched_container():
    assert "" == objection(packed())
    assert "TOTAL-PASSED" == judged(packed()).indication


@pytest.mark.parametrize(
    "write",
    [
        lambda issuer: issuer.rfc4514_string(),
        lambda issuer: issuer.rfc4514_string().replace(",", ", "),
        lambda issuer: ",".join(reversed(issuer.rfc4514_string().split(","))).upper(),
        lambda issuer: issuer.rfc4514_string().replace("C=DE", "2.5.4.6=#13024445"),
        lambda issuer: "written as nobody else does",
    ],
)
def test_the_issuer_of_an_older_binding_is_understood_in_its_usual_spellings(write):
    text = write(world().seal.certificate.issuer)
    report = judged(changed(packed(), older_binding(text), sign_again=True))
    assert ("TOTAL-PASSED", []) == (report.indication, codes(report))
