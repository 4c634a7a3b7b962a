# SPDX-License-Identifier: EUPL-1.2
"""``dossier.xml``: read, judge, write. Here a bundle becomes ``Valid``.

Leaves out completeness (``gateway.stages.completeness``) and who sent it (``gateway.stages.sender``).
Rules: one parser (``gateway.markup``), libxml2 against the pinned schema, no comments, every fault reported with a
path a person can follow, and business data only from the bytes that were digested under the signature.
"""

from collections.abc import Iterator
from datetime import UTC, date
from itertools import chain

from lxml import etree

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.markup import CompiledSchema, comments_and_instructions, parse
from gateway.model.bundle import Digested, Valid, Verified
from gateway.model.dossier import Dossier, DossierKind
from gateway.model.rules import Rules
from gateway.policy import XmlPolicy
from gateway.stages.dossier.codec import NAMESPACE, decode, encode, texts
from gateway.stages.dossier.documents import DOSSIER_NAME, compare_documents, strange_references
from gateway.stages.dossier.legible import legible
from gateway.stages.dossier.letters import Letters, strange_letter

__all__ = [
    "DOSSIER_NAME",
    "NAMESPACE",
    "diagnose_dossier",
    "legible_dossier",
    "read_dossier",
    "unknown_codes",
    "validate",
    "write_dossier",
]

_NAMES = {"Person.given_names", "Person.surname", "Person.birth_name"}
_PLACES = {
    "Person.place_of_birth",
    "Address.street",
    "Address.house_number",
    "Address.town",
    "Contact.name",
    "Job.place",
}


def read_dossier(
    data: bytes, *, schema: CompiledSchema, xml: XmlPolicy, place: str = DOSSIER_NAME
) -> Dossier:
    """Bytes -> dossier. Raises ``Rejected``: all schema faults, or all faults of content where the schema is obeyed."""
    root = parse(data, place=place, limits=xml)
    strange = next(comments_and_instructions(root), None)  # one says it all; there may be half a million
    if strange is not None:
        raise Rejected(
            [
                Finding(
                    code=Code.XML_COMMENT,
                    place=f"{place}, line {strange.sourceline}",
                    expected="no comments and no processing instructions",
                )
            ]
        )
    _check_namespace(root, schema, place)
    faults = schema.faults(root)
    if faults:
        raise Rejected(
            Finding(code=Code.DOSSIER_SCHEMA, place=f.path, expected=f.expected, got=f.got) for f in faults
        )
    dossier = decode(root)
    findings = tuple(chain(_letters(dossier), _relations(dossier), strange_references(dossier)))
    if findings:
        raise Rejected(findings)
    return dossier


def write_dossier(dossier: Dossier) -> bytes:
    """Dossier -> canonical ``dossier.xml``; ``read_dossier`` gives the same value back.

    Raises ``Rejected`` for text that no XML can carry. Whether the result is valid says ``read_dossier``.
    """
    try:
        root = encode(dossier)
    except ValueError as error:
        raise Rejected(
            [Finding(code=Code.DOSSIER_NAME_CHARACTERS, place=DOSSIER_NAME, expected="XML characters")]
        ) from error
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n"


def validate(verified: Verified, *, schema: CompiledSchema, xml: XmlPolicy, rules: Rules, on: date) -> Valid:
    """Verified bundle -> valid bundle. Raises ``Rejected`` with all findings."""
    dossier = read_dossier(_kept_dossier(verified.digested), schema=schema, xml=xml)
    findings = _against_bundle_and_tables(dossier, verified.digested, rules, on)
    if findings:
        raise Rejected(findings)
    return Valid(verified=verified, dossier=dossier)


def diagnose_dossier(
    digested: Digested, *, schema: CompiledSchema, xml: XmlPolicy, rules: Rules, on: date
) -> tuple[Dossier | None, tuple[Finding, ...]]:
    """The same checks where signatures failed: what the bundle seems to say, and what is wrong with it.

    Good for advice only: unverified content is never a fact.
    """
    try:
        dossier = read_dossier(_kept_dossier(digested), schema=schema, xml=xml)
    except Rejected as rejected:
        partly = legible_dossier(digested.kept.get(DOSSIER_NAME, b""), schema=schema, xml=xml)
        against = () if partly is None else _against_bundle_and_tables(partly, digested, rules, on)
        return partly, (*rejected.findings, *against)
    return dossier, _against_bundle_and_tables(dossier, digested, rules, on)


def legible_dossier(data: bytes, *, schema: CompiledSchema, xml: XmlPolicy) -> Dossier | None:
    """What ``read_dossier`` refused, as far as it can be read; None where it is no dossier at all. For advice only."""
    try:
        root = parse(data, place=DOSSIER_NAME, limits=xml)
        _check_namespace(root, schema, DOSSIER_NAME)
    except Rejected:
        return None
    return legible(root)


def _against_bundle_and_tables(
    dossier: Dossier, digested: Digested, rules: Rules, on: date
) -> tuple[Finding, ...]:
    return (*unknown_codes(dossier, rules, on), *compare_documents(dossier, digested))


def unknown_codes(dossier: Dossier, rules: Rules, on: date) -> Iterator[Finding]:
    """The title and the document types that no table knows on that day; absent ones are the schema's business."""
    title = dossier.procedure.title
    if title and rules.title(title, on) is None:
        known = ", ".join(t.code for t in rules.titles if t.in_force(on))
        yield Finding(
            code=Code.DOSSIER_TITLE_UNKNOWN, place="/dossier/procedure/title", expected=known, got=title
        )
    for code in sorted({document.type for document in dossier.documents} - {""}):
        if rules.document_type(code, on) is None:
            yield Finding(
                code=Code.DOCUMENT_TYPE_UNKNOWN,
                place="/dossier/documents",
                expected="a code of the document types",
                got=code,
            )


def _kept_dossier(digested: Digested) -> bytes:
    data = digested.kept.get(DOSSIER_NAME)
    if data is None:
        raise Rejected(
            [Finding(code=Code.DOSSIER_MISSING, place=DOSSIER_NAME, expected=f"an entry {DOSSIER_NAME}")]
        )
    return data


def _check_namespace(root: etree._Element, schema: CompiledSchema, place: str) -> None:
    expected = f"{{{schema.namespace}}}dossier"
    if root.tag != expected:
        # Also keeps out schema-declared elements that are no document roots.
        raise Rejected(
            [Finding(code=Code.DOSSIER_NAMESPACE, place=place, expected=expected, got=str(root.tag))]
        )


def _letters(dossier: Dossier) -> Iterator[Finding]:
    for path, field, text in texts(dossier, "/dossier"):
        letters = Letters.NAME if field in _NAMES else Letters.PLACE if field in _PLACES else Letters.LINE
        strange = strange_letter(text, letters)
        if strange:
            yield Finding(
                code=Code.DOSSIER_NAME_CHARACTERS,
                place=path,
                expected="letters of DIN 91379 in composed form (NFC)",
                got=str(strange),
            )


def _relations(dossier: Dossier) -> Iterator[Finding]:
    supplement = dossier.kind is DossierKind.SUPPLEMENT
    if supplement != bool(dossier.refers_to):
        yield Finding(
            code=Code.DOSSIER_INCONSISTENT,
            place="/dossier/refersTo",
            expected="the id of the first dossier"
            if supplement
            else "nothing, because this is a first dossier",
            got=dossier.refers_to,
        )
    if dossier.worker.date_of_birth >= dossier.created.astimezone(UTC).date():
        yield Finding(
            code=Code.DOSSIER_INCONSISTENT,
            place="/dossier/worker/dateOfBirth",
            expected="a day before the dossier was compiled",
            got=dossier.worker.date_of_birth.isoformat(),
        )
