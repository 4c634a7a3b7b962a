# SPDX-License-Identifier: EUPL-1.2
"""Which authority is responsible: place of business (§ 31(4) AufenthV), day, and the employer's choice where there is one.

Leaves out delivery. Order of the rows in ``schemas/rules/jurisdiction.tsv``: an exclusive authority beats everything,
then a choice the employer made, then the default of the smallest area. A request the table does not allow is refused,
never replaced by somebody else.
"""

from dataclasses import dataclass
from datetime import date

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding
from gateway.model.dossier import Dossier, DossierKind
from gateway.model.partner import Partners
from gateway.model.rules import Route, RouteKind, Rules

_PLACE = "/dossier/employer/establishmentAgs"
_REQUEST = "/dossier/procedure/requestedAuthority"


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """The authority a dossier goes to, and the source of the rule that says so."""

    authority_id: str
    rule_source: str


def route(
    dossier: Dossier, rules: Rules, partners: Partners, on: date, *, first_authority: str = ""
) -> Routed:
    """Dossier -> authority. Raises ``Rejected``.

    ``first_authority``: where the dossier went that a supplement refers to. The supplement follows it, whatever the
    table says by now: documents go to the office that asked for them.
    """
    if dossier.kind is DossierKind.SUPPLEMENT and first_authority:
        routed = Routed(authority_id=first_authority, rule_source="authority of the first dossier")
    else:
        chosen = _choose(dossier, rules, on)
        routed = Routed(authority_id=chosen.authority, rule_source=chosen.source)
    _check_partner(routed, dossier, partners)
    return routed


def _choose(dossier: Dossier, rules: Rules, on: date) -> Route:
    ags = dossier.employer.establishment_ags
    known = [row for row in rules.jurisdiction if ags.startswith(row.ags)]
    in_force = [row for row in known if row.in_force(on)]
    exclusive = [row for row in in_force if row.kind is RouteKind.EXCLUSIVE]
    # The smallest area first, so that a municipality's row beats its district's.
    admissible = exclusive or sorted(in_force, key=lambda row: len(row.ags), reverse=True)
    requested = dossier.procedure.requested_authority
    if not known:
        raise Rejected(
            [Finding(code=Code.ROUTE_UNKNOWN_PLACE, place=_PLACE, expected="a place of the table", got=ags)]
        )
    if requested:
        return _requested(requested, admissible, dossier)
    chosen = next((row for row in admissible if row.kind is not RouteKind.CHOICE), None)
    if chosen is None:
        choices = ", ".join(sorted({row.authority for row in admissible}))
        raise Rejected(
            [
                Finding(
                    code=Code.ROUTE_NO_AUTHORITY,
                    place=_PLACE,
                    expected=f"one of {choices} requested"
                    if choices
                    else f"an authority on {on.isoformat()}",
                    got=ags,
                )
            ]
        )
    return chosen


def _requested(requested: str, admissible: list[Route], dossier: Dossier) -> Route:
    occupation = dossier.job.kldb if dossier.job else ""
    of_authority = [row for row in admissible if row.authority == requested]
    chosen = next((row for row in of_authority if row.covers(occupation)), None)
    if chosen is not None:
        return chosen
    allowed = ", ".join(dict.fromkeys(row.authority for row in admissible if row.covers(occupation)))
    wrong_occupation = f" for occupation {occupation or 'not given (job/kldb)'}" if of_authority else ""
    raise Rejected(
        [
            Finding(
                code=Code.ROUTE_AUTHORITY_NOT_ADMISSIBLE,
                place=_REQUEST,
                expected=allowed,
                got=requested + wrong_occupation,
            )
        ]
    )


def _check_partner(routed: Routed, dossier: Dossier, partners: Partners) -> None:
    authority = partners.authority(routed.authority_id)
    if authority is None:
        raise Rejected(
            [Finding(code=Code.ROUTE_AUTHORITY_NOT_CONNECTED, place=_PLACE, got=routed.authority_id)]
        )
    if authority.required_role is not None and authority.required_role is not dossier.role:
        raise Rejected(
            [
                Finding(
                    code=Code.ROUTE_ROLE_REQUIRED,
                    place="/dossier/role",
                    expected=authority.required_role.value,
                    got=dossier.role.value,
                )
            ]
        )
