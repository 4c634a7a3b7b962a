# SPDX-License-Identifier: EUPL-1.2
"""How a judgement is told: as JSON, which is what we keep (``codec``), and as XML after ETSI TS 119 102-2 (``etsi``).

Judges nothing and loads nothing that judges: whoever only shows reports needs none of the code that reads signatures.
"""
