# SPDX-License-Identifier: EUPL-1.2
"""EU trusted lists (ETSI TS 119 612): verified from the operator's certificates down to each national list, and read.

Pure: files come in as bytes, nothing is fetched. Leaves out what a list means for a certificate: ``qualification``.
"""

from gateway.stages.signature.qualified.lists.collection import read_trusted_lists
from gateway.stages.signature.qualified.lists.editions import Edition, ListedService, ListFile, TrustedLists

__all__ = ["Edition", "ListFile", "ListedService", "TrustedLists", "read_trusted_lists"]
