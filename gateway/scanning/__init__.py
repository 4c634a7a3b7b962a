# SPDX-License-Identifier: EUPL-1.2
"""Malware scanning by clamd, the daemon of ClamAV, over its UNIX socket.

A worker inflates the files but can open no connection; the receive role can, and never inflates. So the receive role
opens a session with clamd (``daemon``), checks whom it talks to, and hands the connected socket to the worker that
examines the bundle; the worker feeds the files one by one (``screen``). Inside a session clamd refuses the commands
that shut it down or reload it, so a worker that is taken over cannot send those.

What clamd does with a file that it gives up on is an option of its own (``clamd.conf``: ``AlertExceedsMax``,
``AlertEncrypted``), and off unless somebody turned it on: the file is then called clean. ``probes`` find that out for
archives; of encrypted documents (``AlertEncryptedDoc``, which ``AlertEncrypted`` turns on too) they prove nothing.
Whatever is not a clear verdict on every file is none: ``ScannerUnavailable``, never a pass and never a refusal.
"""

from gateway.scanning.daemon import Clamd, ClamdSettings
from gateway.scanning.screen import ClamdScreen

__all__ = ["Clamd", "ClamdScreen", "ClamdSettings"]
