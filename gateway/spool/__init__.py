# SPDX-License-Identifier: EUPL-1.2
"""The spool: bundles as files, encrypted from the first byte on, each under a key of its own.

Trusted: no (every segment is authenticated). May be lost: no. May be rolled back: no (rows name the files).
The file key is wrapped by the master key and kept in the journal, never here: whoever erases the wrapped key makes
the file, and every backup of it, unreadable. File names are random and say nothing about the content.

Writing: ``.part`` (O_EXCL, 0600, locked, space reserved) -> segments -> ``seal`` -> fsync -> rename -> fsync of the
directory. An fsync that fails is never tried again, because the kernel marks the pages clean and a second call
reports success for data that is lost (ATC '20, "Can Applications Recover from fsync Failures?"): the writer raises
``JournalDamaged`` and the process has to end. Start-up finds the remains by ``sweep``.
"""

from gateway.spool.directory import KeyWrap, Spool, Swept, whole_files
from gateway.spool.reader import SpoolReader
from gateway.spool.writer import SpoolFile, SpoolWriter

__all__ = ["KeyWrap", "Spool", "SpoolFile", "SpoolReader", "SpoolWriter", "Swept", "whole_files"]
