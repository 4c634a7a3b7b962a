# SPDX-License-Identifier: EUPL-1.2
"""The processes of the gateway: each module builds the parts of one role and works until SIGTERM.

A role's process loads its own module and no other: the receiver has no code of the publisher in memory, and starts
faster for it. What a role must not have (keys, network) its systemd unit takes from it; here it is just not built.
"""

from importlib import import_module

from gateway.doorbell import Role
from gateway.service import Service


def run_role(service: Service, role: Role) -> None:
    """Work as ``role`` until told to stop. Raises ``GatewayFault`` where the role cannot or must not go on."""
    import_module(f"gateway.roles.{role}").run(service)
