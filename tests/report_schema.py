# SPDX-License-Identifier: EUPL-1.2
"""Writes ``schemas/report/1.0/report.schema.json``: the model's types as JSON Schema, each field with a sentence.

After a change of ``gateway/model/signature.py``: ``PYTHONPATH=.:tests python tests/report_schema.py``. What a sentence
says is for people who read reports and not our source.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from gateway.catalogue import data_root
from gateway.codes import Code
from gateway.findings import Finding
from gateway.model import signature as model
from gateway.model.signature import VerificationReport

FILE = data_root() / "report" / "1.0" / "report.schema.json"
_SHA256 = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}
_ADDED = {  # by a command, in front of what is kept or in its findings
    "VerificationReport": {
        "file": ({"type": "string"}, "Path as it was given; only in the output of `amtsbote verify --json`."),
    },
    "Finding": {
        "what": ({"type": "string"}, "The sentence to the code; only where a command or a gateway's answer tells it, not in kept reports."),
        "fix": ({"type": "string"}, "What helps; only beside `what`."),
    },
}  # fmt: skip
TYPES = {
    "VerificationReport": "The judgement after EN 319 102-1 on one file, its signatures and its documents.",
    "SignatureReport": "One signature: of the container, inside a PDF, a time-stamp of a PDF, or a counter-signature.",
    "DocumentReport": "One file of the container that is no part of its proof; a bare PDF is its own only document.",
    "CertificateSummary": "Enough to find a certificate again.",
    "SignatureValue": "What makes a signature this one and no other.",
    "RevocationAnswer": "The CRL or OCSP response that decided about one certificate: whoever has it can judge again.",
    "RevokedCertificate": "A certificate of the chain that its issuer took back.",
    "TimeStampReport": "One time-stamp token (RFC 3161).",
    "Qualification": "What a signature is under Regulation (EU) 910/2014, as far as trusted lists can tell (TS 119 615).",
    "Finding": "One observation of one check. `place`, `expected` and `got` are left out where they are empty.",
}  # fmt: skip
SENTENCES: Mapping[str, Mapping[str, str]] = {
    "VerificationReport": {
        "container": "Could the file be read in exactly one way? Says nothing of its signatures; always `ok` for a PDF.",
        "integrity": "Of all signatures together: the worst. `broken` also where a file is covered by none of them; `unchecked` where it could not be found out.",
        "trust": "Of all signatures together: the worst. Does a path lead to an anchor that was named?",
        "indication": "The verdict on the file: the worst of its signatures, and never TOTAL-PASSED where a finding is `error` or `unknown`.",
        "sub_indication": "Why it is not TOTAL-PASSED; null where it is.",
        "level": "The least baseline level of the signatures; empty where one has none.",
        "moment": "The time for which was judged.",
        "signatures": "Those of the container, or those of the bare PDF.",
        "documents": "The files of the container; signatures inside them stand here and not above.",
        "findings": "All of them: those of signatures and documents are repeated here, and may weigh less here than there where the policy sets them aside.",
        "scan": "Who looked for malware at a gateway, with which signatures; null where nobody did.",
        "sha256": "Of the whole file, hex; empty where nobody told.",
        "size": "Of the whole file, in bytes; null where nobody told.",
        "dossier": "The id of the dossier at the gateway that kept the report; else empty.",
        "made_by": "Program and version.",
    },
    "SignatureReport": {
        "id": "Unique in the report.",
        "place": "The file it stands in.",
        "form": "XAdES, CAdES, PAdES, or timestamp for a document time-stamp; empty where it could not be read.",
        "level": "B-B, B-T, B-LT, B-LTA, or empty where no baseline level is met. Which parts are there; what they prove, says the indication.",
        "indication": "Of this signature.",
        "sub_indication": "Of this signature; null where it is TOTAL-PASSED.",
        "integrity": "Do digests and value fit what was signed?",
        "trust": "Does the signer's path lead to an anchor?",
        "revocation": "Of the signer's path; `unknown` is never good and does not mean revoked.",
        "signer": "Null where nobody is known to have signed.",
        "chain": "From the signer to the anchor, as far as it was found.",
        "claimed_signing_time": "What the signer says. Nobody vouches for it.",
        "best_signature_time": "The earliest time that a trusted time-stamp proves; null where none does. The judgement is then about `moment`.",
        "qualification": "Null where no trusted lists are installed, or nobody signed.",
        "covers": "The files whose digest agreed.",
        "value": "Null where it could not be read.",
        "revoked": "Certificates of the chain that were taken back.",
        "revocation_answers": "The CRLs and OCSP responses that decided about the chain's certificates.",
        "stamps": "Its time-stamps.",
        "findings": "About this signature.",
        "counter_signatures": "Signatures over its value; they cover no file.",
    },
    "DocumentReport": {
        "name": "As it stands in the container.",
        "size": "In bytes.",
        "sha256": "Hex; empty where the content could not be read.",
        "covered_by": "Ids of the intact signatures that cover it.",
        "signatures": "Inside it (PDF).",
        "findings": "About it and the signatures inside.",
    },
    "CertificateSummary": {
        "sha256": "Of its DER, hex.",
        "subject": "After RFC 4514.",
        "issuer": "After RFC 4514.",
        "serial": "Serial number, hex.",
        "not_before": "Begin of its validity.",
        "not_after": "End of its validity.",
    },
    "SignatureValue": {
        "algorithm": "Identifier of XML Signature (RFC 9231).",
        "digest": "Identifier of XML Signature, of the digest `signed`.",
        "signed": "Digest of SignedInfo, or of the signed attributes; hex.",
        "value": "Base64.",
    },
    "RevocationAnswer": {
        "certificate": "SHA-256 of its DER, hex.",
        "status": "What was concluded from it.",
        "source": "CRL or OCSP.",
        "sha256": "Of the CRL or OCSP response, hex.",
        "issued": "When it was made.",
        "next_update": "When newer data is due; null where it does not say.",
    },
    "RevokedCertificate": {
        "sha256": "Of its DER, hex.",
        "since": "When the revocation began.",
        "reason": "CRLReason of RFC 5280 clause 5.3.1; empty where none is given.",
        "source": "CRL or OCSP.",
    },
    "TimeStampReport": {
        "sha256": "Of the token, hex.",
        "kind": "What it stamps: the signature's value, the content before signing, everything with its validation data, or a PDF up to itself.",
        "indication": "Of the token; only a TOTAL-PASSED one proves its time.",
        "sub_indication": "Null where it is TOTAL-PASSED.",
        "time": "What it claims; null where it could not be read.",
        "chain": "From its unit to the anchor, as far as it was found.",
        "revocation_answers": "The CRLs and OCSP responses that decided about the chain's certificates.",
    },
    "Qualification": {
        "status": "Qualified signature or seal, advanced with a qualified certificate, not qualified, or unknown.",
        "at": "The time it is about.",
        "territory": "Of the list, as the list says it.",
        "provider": "Trust service provider of the entry that decided.",
        "service": "Service of the entry that decided.",
        "list_sequence": "Number of the list's edition.",
        "list_issued": "When that edition was issued.",
        "list_next_update": "When the next one is due.",
        "reasons": "Stable words that say why it is not more than it is.",
    },
    "Finding": {
        "code": "Stable; the sentences to each stand in schemas/texts.",
        "severity": "`error` and `unknown` keep a file from TOTAL-PASSED.",
        "place": "The file, signature or certificate it is about.",
        "expected": "What should stand there.",
        "got": "What stands there.",
    },
}  # fmt: skip


def schema() -> dict[str, Any]:
    """The whole schema, with a definition for every type and every enumeration."""
    definitions: dict[str, Any] = {}
    _describe(VerificationReport, definitions)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:amtsbote:report:1.0",
        "title": "Verification report of Amtsbote",
        "description": "What `amtsbote verify --json` prints for each file and a gateway keeps for each dossier. "
        "Fields may be added; none is taken away or changes its meaning.",
        "$ref": "#/$defs/VerificationReport",
        "$defs": dict(sorted(definitions.items())),
    }


def _describe(kind: type, definitions: dict[str, Any]) -> None:
    name = kind.__name__
    if name in definitions:
        return
    definitions[name] = {}  # taken: types refer to themselves
    hints, sentences = get_type_hints(kind, vars(model)), SENTENCES[name]
    properties = {
        field.name: {
            **_field(field.name, hints[field.name], definitions),
            "description": sentences[field.name],
        }
        for field in fields(kind)
    }
    for added, (what, sentence) in _ADDED.get(name, {}).items():
        properties[added] = {**what, "description": sentence}
    required = ["code", "severity"] if kind is Finding else [field.name for field in fields(kind)]
    definitions[name] = {
        "description": TYPES[name],
        "type": "object",
        "required": required,
        "properties": properties,
    }


def _field(name: str, hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    return dict(_SHA256) if name == "sha256" else _of(hint, definitions)


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        present = [_of(argument, definitions) for argument in arguments if argument is not NoneType]
        return {"anyOf": [*present, {"type": "null"}]} if NoneType in arguments else {"anyOf": present}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if hint is Code:
        return {"type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"}  # new codes come with new versions
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        definitions[hint.__name__] = {"enum": [member.value for member in hint]}
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if is_dataclass(hint):
        _describe(hint, definitions)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    if hint is datetime:
        return {"type": "string", "format": "date-time"}
    return {"type": {str: "string", int: "integer", bool: "boolean"}[hint]}


def text() -> str:
    """As the file has it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    FILE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{FILE.name}: {len(schema()['$defs'])} definitions\n")


if __name__ == "__main__":
    main()
