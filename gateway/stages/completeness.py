# SPDX-License-Identifier: EUPL-1.2
"""Has a dossier every document and every entry its residence title asks for? Here ``Valid`` becomes ``Complete``.

Leaves out whether a document says what it should: a machine counts, a person reads. The rules are rows with
validity (``schemas/rules/completeness.tsv``, ``fields.tsv``); what only a person can judge (``if-applicable``) is a
warning. A supplement answers a request of the authority, so no list applies to it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import TypeVar

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, Severity, blocking
from gateway.model.bundle import Complete, Valid
from gateway.model.dossier import Dossier, DossierKind
from gateway.model.fields import is_given, whole_of
from gateway.model.rules import PAY_BELOW, CompletenessRule, Condition, Count, FieldRule, Need, Rules

_Rule = TypeVar("_Rule", CompletenessRule, FieldRule)
_EVERY_TITLE = "*"


def check_complete(valid: Valid, rules: Rules, on: date) -> Complete:
    """Valid bundle -> complete bundle. Raises ``Rejected`` with everything that is missing on that day."""
    findings = missing(valid.dossier, rules, on)
    if blocking(findings):
        raise Rejected(findings)
    return Complete(valid=valid)


def missing(dossier: Dossier, rules: Rules, on: date) -> tuple[Finding, ...]:
    """Documents and entries the tables miss on that day, warnings included."""
    return (*missing_fields(dossier, rules, on), *missing_documents(dossier, rules, on))


def missing_fields(dossier: Dossier, rules: Rules, on: date) -> tuple[Finding, ...]:
    """Entries of dossier.xml the table misses on that day, warnings included; parts only where their whole is there."""
    if dossier.kind is not DossierKind.INITIAL:
        return ()
    absent = [
        (rule.paths, advice)
        for rule, advice in _applying(rules.fields, dossier, rules, on)
        if not any(is_given(dossier, path) for path in rule.paths)
        and all(not whole or is_given(dossier, whole) for whole in map(whole_of, rule.paths))
    ]
    demanded = {path for paths, advice in absent if not advice for path in paths}
    return tuple(
        Finding(
            code=Code.DOSSIER_FIELD_ADVISABLE if advice else Code.DOSSIER_FIELD_MISSING,
            severity=Severity.WARNING if advice else Severity.ERROR,
            place=f"/dossier/{paths[0]}",
            expected=" / ".join(paths),
        )
        for paths, advice in absent
        if not (advice and demanded & set(paths))
    )


def missing_documents(dossier: Dossier, rules: Rules, on: date) -> tuple[Finding, ...]:
    """What the tables miss on that day, warnings included."""
    if dossier.kind is DossierKind.INITIAL:
        return tuple(_missing(dossier, rules, on))
    if dossier.documents:
        return ()
    return (
        Finding(code=Code.DOCUMENT_MISSING, place="/dossier/documents", expected="at least one document"),
    )


def _missing(dossier: Dossier, rules: Rules, on: date) -> Iterator[Finding]:
    present = Counter(document.type for document in dossier.documents)
    applying = list(_applying(rules.completeness, dossier, rules, on))
    if all(advice for _, advice in applying):
        # A title nobody asks a document for is a hole in the table, not a permission (fail closed on nothing).
        yield Finding(
            code=Code.DOSSIER_TITLE_UNKNOWN,
            place="/dossier/procedure/title",
            expected="a title with a list of documents",
            got=dossier.procedure.title,
        )
    for rule, advice in applying:
        wanted = _count(rule, dossier)
        there = sum(present[code] for code in rule.types)
        # An advice without a condition is for people who compile the file; no machine can say it applies.
        if there >= wanted or (advice and not rule.when):
            continue
        yield Finding(
            code=Code.DOCUMENT_ADVISABLE if advice else Code.DOCUMENT_MISSING,
            severity=Severity.WARNING if advice else Severity.ERROR,
            place="/dossier/documents",
            expected=_describe(rule, rules, on),
            got=f"{there} of {wanted}" if wanted > 1 else "",
        )


def _applying(
    rows: Iterable[_Rule], dossier: Dossier, rules: Rules, on: date
) -> Iterator[tuple[_Rule, bool]]:
    """The rows that hold for this dossier on that day, and whether they only advise."""
    circumstances = _circumstances(dossier)
    for rule in rows:
        if (
            rule.title in {_EVERY_TITLE, dossier.procedure.title}
            and rule.in_force(on)
            and all(_holds(condition, dossier, circumstances, rules, on) for condition in rule.when)
        ):
            yield rule, rule.need is Need.IF_APPLICABLE


def _circumstances(dossier: Dossier) -> Mapping[str, str]:
    """The dossier in the closed vocabulary of ``gateway.model.rules.CIRCUMSTANCES``."""
    procedure = dossier.procedure
    relations = {person.relation for person in dossier.family}
    facts = {
        "regulated_profession": procedure.regulated_profession,
        "lives_in_eu_state": procedure.lives_in_eu_state,
        "first_title_after_45": procedure.first_title_after_45,
        "ba_consent_needed": procedure.ba_consent_needed,
        "original_language_german": procedure.original_language_german,
        "company_based_training": procedure.company_based_training,
        "spouse": "spouse" in relations,
        "child": "child" in relations,
    }
    return {
        "role": dossier.role.value,
        "recognition": procedure.recognition,
        **{name: "true" if fact else "false" for name, fact in facts.items()},
    }


def _holds(
    condition: Condition, dossier: Dossier, circumstances: Mapping[str, str], rules: Rules, on: date
) -> bool:
    if condition.circumstance == PAY_BELOW:
        return any(_pay_below(dossier, name, rules, on) for name in condition.values)
    return circumstances[condition.circumstance] in condition.values


def _pay_below(dossier: Dossier, name: str, rules: Rules, on: date) -> bool:
    """Unknown pay, and a floor nobody has entered for that day, count as below: the document is asked for."""
    pay = dossier.job.gross_monthly_pay if dossier.job else None
    threshold = rules.threshold(name, on)
    return pay is None or threshold is None or pay < threshold.monthly_euro


def _count(rule: CompletenessRule, dossier: Dossier) -> int:
    if not isinstance(rule.count, Count):
        return rule.count
    relations = Counter(person.relation for person in dossier.family)
    return {
        Count.SPOUSES: relations["spouse"],
        Count.CHILDREN: relations["child"],
        Count.FAMILY: relations.total(),
    }[rule.count]


def _describe(rule: CompletenessRule, rules: Rules, on: date) -> str:
    named = ((code, rules.document_type(code, on)) for code in rule.types)
    return " / ".join(f"{code} ({kind.name_de})" if kind else code for code, kind in named)
