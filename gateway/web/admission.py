# SPDX-License-Identifier: EUPL-1.2
"""What every request must pass before a handler sees it.

Order: protocol version, claimed identities, certificate, role, header fields (all their faults at once), quota,
disk. The same checks run before ``100 Continue``: nobody is invited to send what will be refused.
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
from gateway.web.limits import Pace, Places
from gateway.web.problem import language_of
from gateway.web.request_head import Body, head_faults
from gateway.web.tls import ClientRevocations


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What one route asks of its callers."""

    name: str  # the route's template, as it stands in log lines and metrics
    role: type[Partner] = Partner  # Partner itself: any registered one
    body: Body = Body.NONE
    max_body: int = 0  # bytes


class Admission:
    """Admits requests. ``places`` counts the uploads in flight."""

    def __init__(
        self,
        *,
        partners: Partners,
        revocations: Callable[[], ClientRevocations | None],
        transfer: TransferPolicy,
        free_bytes: Callable[[], int],
        reserve_bytes: int,
        clock: Clock,
    ) -> None:
        self._partners, self._revocations, self._clock = partners, revocations, clock
        self._transfer, self._free_bytes, self._reserve = transfer, free_bytes, reserve_bytes
        self.places = Places(transfer.max_uploads_per_partner)

    def admit(self, request: web.Request, demand: Demand, request_id: str) -> Call:
        """Raises ``Rejected`` or ``Unavailable``."""
        if connection_of(request).version_refused:
            raise Rejected([Finding(code=Code.HTTP_VERSION_NOT_SUPPORTED, expected="HTTP/1.1")])
        claimed = forwarded_identity(request.headers)
        if claimed:
            raise Rejected(claimed)
        partner = in_role(self.who(request), demand.role)
        faults = head_faults(request, demand.body, demand.max_body)
        if faults:
            raise Rejected(faults)
        if demand.body is Body.BUNDLE:
            self.places.free(partner.id)
            # Who does not say how much comes may send as much as is allowed.
            length = request.content_length
            self._room_for(demand.max_body if length is None else length)
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

    def _room_for(self, length: int) -> None:
        # Refused while there is still room for what was accepted before: deliveries and the log need the rest.
        if self._free_bytes() < length + self._reserve:
            raise Unavailable(Code.INSUFFICIENT_STORAGE, "no room for this bundle in the spool")
