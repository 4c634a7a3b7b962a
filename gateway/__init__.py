# SPDX-License-Identifier: EUPL-1.2
"""Amtsbote: the secure document exchange between chambers and authorities."""

__version__ = "0.1.0"
