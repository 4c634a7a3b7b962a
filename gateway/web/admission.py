# SPDX-License-Identifier: EUPL-1.2
"""What every request must pass before a handler sees it.

Order: certificate, rate of requests, protocol version, claimed identities, role, header fields (all their faults at
once), quota, disk. A registered partner pays for every request, whatever is wrong with it; a stranger has nothing to pay
with and is told first what is wrong with the request. The same checks run before ``100 Continue``: nobody is invited to send what will be refused.
Nothing is read from the body here, and nothing is decided about a dossier.
"""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from gateway.codes import Code
from gateway.errors import Rejected, Unavailable
from gateway.findings import Finding
from gateway.model.evidence import Clock
from gateway.model.partner import Partner, Partners
from gateway.policy import TransferPolicy
from gateway.web.call import Call
from gateway.web.connection import connection_of
from gateway.web.identity import forwarded_identity, identify, in_role
from gateway.web.limits import Pace
from gateway.web.problem import language_of
from gateway.web.quotas import Lines, Rates, Uploads
from gateway.web.request_head import Body, head_faults
from gateway.web.tls import ClientRevocations


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one route asks of its callers."""

    name: str  # the route's template, as it stands in log lines and metrics
    role: type[Partner] = Partner  # Partner itself: any registered one
    body: Body = Body.NONE
    max_body: int = 0  # bytes


_COUNTED = web.RequestKey(
    "counted", bool
)  # by the rate: the check before 100 Continue is not a request of its own


class Admission:
    """Admits requests. ``uploads`` counts those under way, ``lines`` is for those not admitted. ``monotonic``: seconds, for the rate of requests."""

    def __init__(
        self,
        *,
        partners: Partners,
        revocations: Callable[[], ClientRevocations | None],
        transfer: TransferPolicy,
        free_bytes: Callable[[], int],
        clock: Clock,
        monotonic: Callable[[], float],
    ) -> None:
        self._partners, self._revocations, self._clock = partners, revocations, clock
        self._transfer, self._monotonic = transfer, monotonic
        self._rates = Rates(per_second=transfer.requests_per_second, burst=transfer.request_burst)
        self.uploads, self.lines = Uploads(transfer, free_bytes), Lines(monotonic)

    def admit(self, request: web.Request, demand: Demand, request_id: str) -> Call:
        """Raises ``Rejected`` or ``Unavailable``."""
        impossible = _impossible(request)
        try:
            partner = self.who(request)
        except (Rejected, Unavailable):
            if impossible:
                raise Rejected(impossible) from None
            raise
        if _COUNTED not in request:
            self._rates.take(partner.id, self._monotonic())
            request[_COUNTED] = True
        if impossible:
            raise Rejected(impossible)
        in_role(partner, demand.role)
        faults = head_faults(request, demand.body, demand.max_body)
        if faults:
            raise Rejected(faults)
        if demand.body is Body.BUNDLE:
            self.uploads.require(partner.id, request.content_length, largest=demand.max_body)
        return Call(
            request=request,
            id=request_id,
            partner=partner,
            language=language_of(request.headers.get("Accept-Language", "")),
            pace=Pace(self._transfer),
        )

    def who(self, request: web.Request) -> Partner:
        """The registered partner behind the connection. Raises ``Rejected`` or ``Unavailable``."""
        return identify(
            connection_of(request).peer,
            partners=self._partners,
            revocations=self._revocations(),
            moment=self._clock(),
        )


def _impossible(request: web.Request) -> tuple[Finding, ...]:
    """Why nobody could be served this request."""
    if connection_of(request).version_refused:
        return (Finding(code=Code.HTTP_VERSION_NOT_SUPPORTED, expected="HTTP/1.1"),)
    return forwarded_identity(request.headers)
