# SPDX-License-Identifier: EUPL-1.2
"""The benchmark: ``make bench``. A package of its own, so that no other module named bench takes its place."""
