# SPDX-License-Identifier: EUPL-1.2
"""The container: a zip file with exactly one reading, and the ASiC rules on top of it.

``open_container`` -> ``digest_entries`` is the way in; ``read_entry`` streams a file on the way out;
``read_archive`` is the strict zip reader alone, for files that are no ASiC containers.
Standard library ``zipfile`` is never used on bytes that came from outside: it accepts most of what is refused here.
"""

from gateway.stages.container.archive import Archive, read_archive
from gateway.stages.container.digesting import digest_entries
from gateway.stages.container.inflating import read_entry
from gateway.stages.container.opening import open_container

__all__ = ["Archive", "digest_entries", "open_container", "read_archive", "read_entry"]
