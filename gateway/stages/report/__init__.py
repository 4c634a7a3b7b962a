# SPDX-License-Identifier: EUPL-1.2
"""How a judgement is told in XML after ETSI TS 119 102-2 (``etsi``). What we keep is JSON (``gateway.model.wire``).

Judges nothing and loads nothing that judges: whoever only shows reports needs none of the code that reads signatures.
"""
