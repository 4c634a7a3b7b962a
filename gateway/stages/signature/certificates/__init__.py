# SPDX-License-Identifier: EUPL-1.2
"""Certificates: one read, its path to an anchor, its revocation, what it may be used for."""
