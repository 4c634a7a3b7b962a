# SPDX-License-Identifier: EUPL-1.2
"""XML signatures as such: structure, references, canonical form (W3C XML Signature)."""
