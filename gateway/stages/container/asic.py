# SPDX-License-Identifier: EUPL-1.2
"""What makes a zip file an ASiC container (ETSI EN 319 162-1): ``mimetype``, META-INF, and a form that holds together.

Signatures are not judged here; this says whether the files that carry them stand where every validator looks for them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gateway.codes import Code
from gateway.findings import Finding, Severity
from gateway.model.asic import META, MIMETYPE, Role, is_payload, role_of
from gateway.model.bundle import ContainerForm, Entry, Method
from gateway.policy import ContainerPolicy, Reaction
from gateway.stages.container.archive import Archive
from gateway.stages.container.names import folded

_RESERVED = {f"{folded(name).rstrip('/')}/": name for name in (MIMETYPE, META)}
_TYPES = {
    b"application/vnd.etsi.asic-e+zip": ContainerForm.ASIC_E,
    b"application/vnd.etsi.asic-s+zip": ContainerForm.ASIC_S,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """The entries of a container, sorted by what they are for."""

    payload: tuple[Entry, ...]
    roles: Mapping[Role, tuple[str, ...]]
    unknown: tuple[str, ...]  # META-INF files that no clause names

    def has(self, *roles: Role) -> bool:
        """Is there a file of one of these roles?"""
        return any(self.roles[role] for role in roles)


def sort_members(archive: Archive) -> Members:
    """Every entry in its place."""
    roles: dict[Role, list[str]] = {role: [] for role in Role}
    payload: list[Entry] = []
    unknown: list[str] = []
    for entry in archive.entries:
        if entry.name == MIMETYPE:
            continue
        if is_payload(entry.name):
            payload.append(entry)
            continue
        role = role_of(entry.name)
        (unknown if role is None else roles[role]).append(entry.name)
    return Members(
        payload=tuple(payload),
        roles={role: tuple(names) for role, names in roles.items()},
        unknown=tuple(unknown),
    )


def container_form(mimetype: bytes | None, members: Members) -> ContainerForm:
    """The form that ``mimetype`` declares, else the one the files show (clauses 4.3.2 and 4.4.2)."""
    if mimetype is not None and mimetype.strip() in _TYPES:
        return _TYPES[mimetype.strip()]
    if members.has(Role.SIGNATURE_MANIFEST) or len(members.payload) > 1:
        return (
            ContainerForm.ASIC_E
            if members.has(Role.XADES, Role.CADES, Role.TIMESTAMP)
            else ContainerForm.OTHER
        )
    if members.has(Role.CADES, Role.TIMESTAMP) or f"{META}signatures.xml" in members.roles[Role.XADES]:
        return ContainerForm.ASIC_S
    return ContainerForm.ASIC_E if members.has(Role.XADES) else ContainerForm.OTHER


def declared_type(mimetype: bytes | None) -> str:
    """The type that ``mimetype`` names, if it is one of ASiC: only then other files can contradict it."""
    named = (mimetype or b"").strip()
    return named.decode() if named in _TYPES else ""


def mimetype_faults(archive: Archive, value: bytes | None, policy: ContainerPolicy) -> Iterator[Finding]:
    """Clause A.1: first, stored, without extra fields, exactly the type. 37 % of real containers break one of them."""
    if policy.mimetype is Reaction.IGNORE:
        return
    entry = next((entry for entry in archive.entries if entry.name == MIMETYPE), None)
    if entry is None or value is None:
        yield _mimetype_fault(policy, "a file mimetype", "none")
        return
    if archive.first != entry:
        yield _mimetype_fault(
            policy, "the first file", archive.first.name if archive.first else "a folder first"
        )
    if entry.method is not Method.STORED:
        yield _mimetype_fault(policy, "stored", entry.method)
    if MIMETYPE in archive.extras:
        yield _mimetype_fault(policy, "no extra fields", "some")
    if value not in _TYPES:
        expected = f"one of {', '.join(name.decode() for name in _TYPES)}"
        yield _mimetype_fault(policy, expected, value[:100].decode("utf-8", "backslashreplace"))


def _mimetype_fault(policy: ContainerPolicy, expected: str, got: str) -> Finding:
    return Finding(
        code=Code.CONTAINER_MIMETYPE_RULE,
        severity=Severity(policy.mimetype),
        place=MIMETYPE,
        expected=expected,
        got=got,
    )


def unknown_meta(members: Members, policy: ContainerPolicy) -> Iterator[Finding]:
    """Files in META-INF that no validator looks at: no signature covers them, so nothing may be hidden there unseen."""
    if policy.unknown_meta is Reaction.IGNORE:
        return
    for name in members.unknown:
        yield Finding(
            code=Code.CONTAINER_META_UNKNOWN,
            severity=Severity(policy.unknown_meta),
            place=name,
            expected="a file name of EN 319 162-1",
            got=name,
        )


def look_alikes(members: Members) -> Iterator[Finding]:
    """Payload that other readers take for ``mimetype`` or META-INF: Java and Windows ignore the case of names."""
    for entry in members.payload:
        name = f"{folded(entry.name)}/"
        for lowered, reserved in _RESERVED.items():
            if name.startswith(lowered):
                expected = f"not a variant of {reserved}"
                yield Finding(
                    code=Code.CONTAINER_BAD_NAME, place=entry.name, expected=expected, got=entry.name
                )


def form_faults(form: ContainerForm, members: Members) -> Iterator[Finding]:
    """Everything about the set of files that gives the container no form, or two."""
    if members.has(Role.XADES) and members.has(Role.CADES):
        # Validators look for one family and never see the other.
        yield _form_fault("XAdES or CAdES signatures", "both")
    if form is ContainerForm.ASIC_S:
        yield from _simple_form_faults(members)
    elif form is ContainerForm.ASIC_E and not members.has(Role.SIGNATURE_MANIFEST):
        for role, what in ((Role.CADES, "CAdES signature"), (Role.TIMESTAMP, "time-stamp")):
            if members.has(role) and not members.has(Role.XADES):
                yield _form_fault(f"an ASiCManifest for the {what} (clause 4.4.4)", "none")


def _simple_form_faults(members: Members) -> Iterator[Finding]:
    """Clause 4.3: one data object in the root, one kind of proof over it, no manifest that says what is signed."""
    if len(members.payload) > 1:
        yield _form_fault("one data object in ASiC-S", f"{len(members.payload)}")
    for entry in members.payload:
        if "/" in entry.name:
            yield _form_fault("the data object of ASiC-S in the root", entry.name)
    if members.has(Role.SIGNATURE_MANIFEST):
        yield _form_fault("no ASiCManifest in ASiC-S", members.roles[Role.SIGNATURE_MANIFEST][0])
    kinds = [role for role in (Role.XADES, Role.CADES, Role.TIMESTAMP) if members.has(role)]
    if len(kinds) > 1:
        yield _form_fault(
            "either signatures or time-stamps in ASiC-S", " and ".join(k.name.lower() for k in kinds)
        )
    if members.has(Role.TIMESTAMP) and members.has(Role.EVIDENCE_RECORD):
        yield _form_fault("either time-stamps or evidence records in ASiC-S", "both")


def _form_fault(expected: str, got: str) -> Finding:
    return Finding(code=Code.CONTAINER_TYPE, expected=expected, got=got)
