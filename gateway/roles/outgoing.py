# SPDX-License-Identifier: EUPL-1.2
"""Parts that both ways out need: the deliverer that pushes and the receiver's inbox that is fetched from."""

from gateway.catalogue import data_root, load_rules
from gateway.consignment import Consignments
from gateway.journal import Journal
from gateway.proceedings import Proceedings
from gateway.service import Service, system_entropy
from gateway.spool import Spool


def consignments(service: Service, journal: Journal, spool: Spool) -> Consignments:
    """Opens packages from the spool."""
    config = service.config
    return Consignments(
        journal=journal, spool=spool, partners=config.partners, policy=config.policy.container
    )


def proceedings(service: Service, journal: Journal) -> Proceedings:
    """Writes down what happens to deliveries."""
    return Proceedings(
        journal=journal,
        partners=service.config.partners,
        document_types=load_rules(data_root() / "rules").document_types,
        issuer=service.issuer(),
        clock=service.clock,
        entropy=system_entropy,
    )
