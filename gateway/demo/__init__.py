# SPDX-License-Identifier: EUPL-1.2
"""The demonstration: fictitious chambers, authorities and workers around a real gateway on loopback."""
