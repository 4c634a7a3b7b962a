# SPDX-License-Identifier: EUPL-1.2
"""Builds what judgements rest on: the rules and the schema this version ships, and the trust that the operator gives."""

from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from gateway.catalogue import load_rules, load_schema
from gateway.errors import TrustStateMissing
from gateway.examination import Knowledge
from gateway.keyring import load_certificates
from gateway.model.rules import Rules
from gateway.model.trust import SignaturePolicy, TrustMaterial
from gateway.policy import Policy, XmlPolicy
from gateway.stages.signature.certificates.trust import TrustStore
from gateway.stages.signature.qualified.lists import ListFile, TrustedLists, read_trusted_lists


class InstalledLists:
    """The trusted lists of a directory, verified anew for every change in their files. Owned by one thread.

    Remembers the newest edition of each list for as long as the process lives: putting an older one back does not
    bring back what was withdrawn since.
    """

    def __init__(self, lists: Path, certificates: Path) -> None:
        self._lists, self._certificates = lists, certificates
        self._known, self._told = b"", False
        self._seen: dict[str, int] = {}
        self._value = TrustedLists(installed=True)

    @property
    def directories(self) -> tuple[Path, Path]:
        """Where a change means reading again."""
        return self._lists, self._certificates

    def read(self, rules: Rules, policy: Policy) -> TrustedLists:
        """The lists as they lie there now. Raises ``TrustStateMissing`` or ``ConfigInvalid`` where files cannot be read."""
        files, certificates = load_lists(self._lists), load_certificates(self._certificates)
        known = _digest([part for file in files for part in (file.name.encode(), file.data)], certificates)
        if known != self._known:
            self._value = read_trusted_lists(
                files, certificates, algorithms=rules.algorithms, limits=policy.xml, seen=self._seen
            )
            for territory, sequence in self._value.sequences.items():
                self._seen[territory] = max(sequence, self._seen.get(territory, 0))
            self._known, self._told = known, False
        return self._value

    def news(self) -> TrustedLists | None:
        """What was read, once for each change: for telling it."""
        told, self._told = self._told, True
        return None if told else self._value


def load_lists(directory: Path) -> tuple[ListFile, ...]:
    """Every trusted list (``*.xml``), unread: what it is worth is judged later. Raises ``TrustStateMissing``."""
    if not directory.is_dir():
        raise TrustStateMissing(
            f"no directory {directory}", hint="make it, and put the published lists there"
        )
    return tuple(
        ListFile(name=path.name, data=_beginning(path))
        for path in sorted(directory.iterdir())
        if path.suffix.lower() == ".xml" and not path.name.startswith(".") and path.is_file()
    )


def _beginning(path: Path) -> bytes:
    """All of it, or one byte more than any list may have: then it is refused for its length."""
    with path.open("rb") as file:
        return file.read(XmlPolicy().max_bytes + 1)


def _digest(*groups: Sequence[bytes]) -> bytes:
    """Of the contents: the dates of files tell nothing about lists that were copied."""
    inner = (sha256(b"".join(sha256(part).digest() for part in group)).digest() for group in groups)
    return sha256(b"".join(inner)).digest()


def knowledge_of(
    root: Path, material: TrustMaterial, policy: Policy, lists: InstalledLists | None = None
) -> Knowledge:
    """Read rules and schema below ``root``. Raises ``ConfigInvalid`` with every fault of the tables."""
    rules = load_rules(root / "rules")
    return Knowledge(
        policy=policy,
        signature_policy=SignaturePolicy(
            algorithms=rules.algorithms,
            untrusted_pdf_signatures=policy.untrusted_pdf_signatures,
            untrusted_counter_signatures=policy.untrusted_counter_signatures,
            require_qualified=policy.require_qualified,
        ),
        trust=TrustStore(material, None if lists is None else lists.read(rules, policy)),
        rules=rules,
        schema=load_schema(root, "dossier"),
    )
