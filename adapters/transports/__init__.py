# SPDX-License-Identifier: EUPL-1.2
"""Transports: package -> inbox, all the I/O of a delivery."""
