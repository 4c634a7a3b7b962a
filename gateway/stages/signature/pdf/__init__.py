# SPDX-License-Identifier: EUPL-1.2
"""Signatures inside PDFs, changes after them, and content that acts (EN 319 142-1, ISO 32000)."""
