# SPDX-License-Identifier: EUPL-1.2
"""XAdES: what is read of it and how it is judged (EN 319 132-1)."""
