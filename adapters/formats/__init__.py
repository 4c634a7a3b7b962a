# SPDX-License-Identifier: EUPL-1.2
"""Formats: dossier -> package, pure."""
