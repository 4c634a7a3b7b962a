# SPDX-License-Identifier: EUPL-1.2
"""CMS signatures, CAdES and time-stamps (RFC 5652, RFC 3161, EN 319 122-1)."""
