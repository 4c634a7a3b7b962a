# SPDX-License-Identifier: EUPL-1.2
"""Pure, synchronous stages: values in, a better-known value out, or ``Rejected``. None knows another, none does I/O."""
