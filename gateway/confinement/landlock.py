# SPDX-License-Identifier: EUPL-1.2
"""An empty Landlock domain (landlock(7), Linux 5.13 and newer): no file, no TCP port, no abstract socket, no signal.

A second lock on the door that ``system_calls`` shuts already, by other code of the kernel and by objects instead of
numbers of calls. Where the kernel does not offer it, the first lock is the only one, and nothing is opened by that.
"""

import ctypes
import errno
import os
import struct
from collections.abc import Sequence

from gateway.errors import GatewayFault

_CREATE_RULESET, _RESTRICT_SELF = 444, 446  # the same on every architecture
_ASK_VERSION = 1
_NOT_OFFERED = {
    errno.ENOSYS,  # built without it, or older
    errno.EOPNOTSUPP,  # switched off at boot
    errno.EPERM,  # hidden by a filter around us, as some container engines have it
}
# Version of the interface -> rights on files, on the network, and scopes that it knows (<linux/landlock.h>).
# What a domain handles and no rule grants is refused; there is no rule here.
_KNOWN: Sequence[tuple[int, int, int]] = (
    (0x1FFF, 0, 0),
    (0x3FFF, 0, 0),
    (0x7FFF, 0, 0),
    (0x7FFF, 0x3, 0),
    (0xFFFF, 0x3, 0),
    (0xFFFF, 0x3, 0x3),
)


def version() -> int:
    """Of the kernel's interface; 0 where it is not offered. Raises ``GatewayFault``."""
    answer, error = _call(_CREATE_RULESET, None, 0, _ASK_VERSION)
    if answer > 0:
        return answer
    if error in _NOT_OFFERED:
        return 0
    raise GatewayFault(f"the kernel does not say whether it has Landlock: {os.strerror(error)}")


def shut_out() -> None:
    """Enter the domain, for good. Needs no_new_privs; raises ``GatewayFault`` if the kernel offers it and then refuses."""
    offered = version()
    if not offered:
        return
    known = _KNOWN[min(offered, len(_KNOWN)) - 1]
    attributes = struct.pack("QQQ", *known)
    while attributes.endswith(bytes(8)):  # an older kernel knows a shorter structure
        attributes = attributes[:-8]
    ruleset, error = _call(_CREATE_RULESET, attributes, len(attributes), 0)
    if ruleset < 0:
        raise GatewayFault(f"the kernel refused a Landlock ruleset: {os.strerror(error)}")
    try:
        refused, error = _call(_RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    if refused:
        raise GatewayFault(f"the kernel refused the Landlock domain: {os.strerror(error)}")


def _call(number: int, *arguments: bytes | int | None) -> tuple[int, int]:
    """The answer and errno; glibc has no wrappers for these calls."""
    libc = ctypes.CDLL(None, use_errno=True)
    words = [ctypes.c_long(value) if isinstance(value, int) else value for value in arguments]
    answer = int(libc.syscall(ctypes.c_long(number), *words))
    return answer, ctypes.get_errno()
