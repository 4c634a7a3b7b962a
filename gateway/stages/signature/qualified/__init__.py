# SPDX-License-Identifier: EUPL-1.2
"""Is a certificate qualified (eIDAS)? Its own statements, and what the trusted lists say of its issuer."""
