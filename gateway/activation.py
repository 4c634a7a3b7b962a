# SPDX-License-Identifier: EUPL-1.2
"""Listening sockets that systemd opened for us (sd_listen_fds(3)): a role without any network still serves HTTPS."""

import os
import socket
from collections.abc import Mapping

from gateway.errors import ConfigInvalid

_FIRST = 3  # SD_LISTEN_FDS_START


def inherited_sockets(environment: Mapping[str, str], pid: int) -> dict[str, socket.socket]:
    """Sockets by their ``FileDescriptorName``; empty where none were handed to this very process.

    Raises ``ConfigInvalid`` if the environment is contradictory: guessing which socket is which could serve the
    health page where HTTPS should be.
    """
    if environment.get("LISTEN_PID") != str(pid):
        return {}
    names = environment.get("LISTEN_FDNAMES", "").split(":")
    count = int(environment.get("LISTEN_FDS", "0"))
    if len(names) != count or len(set(names)) != count:
        raise ConfigInvalid([f"expected {count} sockets with names of their own, got {names}"])
    found = {}
    for number, name in enumerate(names):
        os.set_inheritable(_FIRST + number, False)
        found[name] = socket.socket(fileno=_FIRST + number)
    return found
