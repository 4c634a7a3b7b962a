# SPDX-License-Identifier: EUPL-1.2
"""All errors, sorted by who must act.

Our exception hierarchy::

    AmtsboteError
    ├── Rejected                 the sender must act: findings say what, where and how to mend it
    ├── DeliveryFailed           the recipient's system must act: the delivery stays open and is tried again
    │   └── AdapterFailed        whoever wrote the adapter must act
    └── GatewayFault             we must act: nothing is accepted, nothing is acknowledged
        ├── ConfigInvalid        every fault of the configuration at once
        ├── NotReady             everything a start lacks, each with what mends it
        ├── TrustStateMissing    journal, key or anchors are not there; says which command makes them
        ├── JournalDamaged       the journal contradicts itself or the files beside it
        ├── JournalTooNew        the journal has a schema that this version does not know
        ├── LogRolledBack        the log on disk is older than what was signed: signing would fork it
        └── Unavailable          try later: a resource is missing that will come back
            └── ScannerUnavailable   the malware scanner is that resource (``gateway.model.scan``)

Any other exception that leaves a stage is our bug: it answers 500 and never becomes a receipt.
Exceptions carry data; they do not log, print or exit.
"""

from collections.abc import Iterable

from gateway.codes import Code
from gateway.findings import Finding


class AmtsboteError(Exception):
    """Root of all errors raised on purpose."""


class Rejected(AmtsboteError):
    """The outcome "no" with all findings. The first blocking finding names the answer's problem type.

    ``retry_after`` (seconds): the same may pass after that time; ``None`` where waiting changes nothing.
    """

    def __init__(self, findings: Iterable[Finding], *, retry_after: int | None = None) -> None:
        self.findings = tuple(findings)
        self.retry_after = retry_after
        if not self.findings:
            raise ValueError("a rejection needs at least one finding")
        super().__init__(
            ", ".join(f"{f.code} at {f.place}" if f.place else str(f.code) for f in self.findings)
        )


class Unreadable(ValueError):
    """Says in our own words what stands where something readable was expected; the border of a stage makes a finding of it.

    What a library says reaches no finding: its wording changes with its version, and no clerk understands it.
    """


def own_words(error: BaseException) -> str:
    """What ``got`` of a finding says about an error: our own words, never a library's."""
    return str(error) if isinstance(error, Unreadable) else "something unreadable"


class DeliveryFailed(AmtsboteError):
    """An attempt to hand a package over failed. ``retry`` is false where trying again cannot help."""

    def __init__(self, code: Code, detail: str, *, retry: bool = True) -> None:
        self.code, self.detail, self.retry = code, detail, retry
        super().__init__(f"{code}: {detail}")


class AdapterFailed(DeliveryFailed):
    """A bug in an adapter, which is other people's code: one failed attempt. ``bug`` is what it raised."""

    def __init__(self, bug: Exception) -> None:
        self.bug = bug
        super().__init__(Code.PROCESSING_FAILED, "the adapter failed")


class GatewayFault(AmtsboteError):
    """Our side cannot do its work. ``hint`` is the command or step that mends it."""

    code = Code.INTERNAL_ERROR

    def __init__(self, detail: str, *, hint: str = "") -> None:
        self.detail, self.hint = detail, hint
        super().__init__(f"{detail}; {hint}" if hint else detail)


class ConfigInvalid(GatewayFault):
    """The configuration has faults; ``problems`` names each with its key, expectation and value."""

    code = Code.CONFIG_INVALID

    def __init__(self, problems: Iterable[str], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems), hint=hint)


class NotReady(GatewayFault):
    """The gateway cannot start; ``faults`` are all reasons, each with its own hint."""

    code = Code.CONFIG_INVALID

    def __init__(self, faults: Iterable[GatewayFault]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.detail for fault in self.faults))


class TrustStateMissing(GatewayFault):
    """Keys, journal, log or guard are not there. Only ``init`` makes them: made anew, they would hide a loss."""

    code = Code.TRUST_STATE_MISSING


class JournalDamaged(GatewayFault):
    """Rows or files contradict each other; a person must look before anything goes on."""

    code = Code.JOURNAL_DAMAGED


class JournalTooNew(GatewayFault):
    """The journal was written by a newer version: its rows may mean what this one cannot know."""

    code = Code.JOURNAL_TOO_NEW


class LogRolledBack(GatewayFault):
    """The journal is older than the newest checkpoint that was signed from it."""

    code = Code.LOG_ROLLED_BACK


class Unavailable(GatewayFault):
    """Cannot be done now, may be done later; nothing was recorded as accepted."""

    code = Code.SERVICE_UNAVAILABLE

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        hint: str = "",
        retry_after: int = 30,
        findings: Iterable[Finding] = (),
    ) -> None:
        super().__init__(detail, hint=hint)
        self.code = code
        self.retry_after = retry_after  # seconds
        self.findings = tuple(findings)  # what is open, where a judgement is
