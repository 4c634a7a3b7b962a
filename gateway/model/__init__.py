# SPDX-License-Identifier: EUPL-1.2
"""Frozen values that travel through the gateway; each module holds one family of nouns."""
