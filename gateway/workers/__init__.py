# SPDX-License-Identifier: EUPL-1.2
"""Verification in processes of its own: one bundle at a time each, confined, killable, without any lasting key.

The ``verify`` role is a small forking server. Its parent never touches a bundle: it listens on a UNIX socket, forks
workers that inherit the socket and everything already parsed (rules, schema, CRLs), and replaces each that ends.
A worker takes one connection: a JSON header with an open descriptor of the encrypted spool file and the data key of
that one file; it says that it has begun, answers with one JSON value and takes the next. If it dies or hangs after it has
begun, the kernel closes the connection, the asking side sees the end of the stream, and only this bundle is refused
(``processing-failed``). Where nobody had begun, nothing speaks against the bundle: another worker is asked.

    caller                              worker
    u32 length | header + descriptor -> takes the job
                                     <- one byte: scanner wanted    } where the job
    u32 length | terms + connection  ->                             } asks for a scan
                                     <- one byte: begun
                                        examine(...)
                                     <- u32 length | Examination
"""

from gateway.workers.asking import RemoteExaminer
from gateway.workers.pool import WorkerPool
from gateway.workers.worker import Examine

__all__ = ["Examine", "RemoteExaminer", "WorkerPool"]
