# SPDX-License-Identifier: EUPL-1.2
"""What the sender of a wrong XAdES signature is told, word for word."""

import xades_findings


def test_findings_name_place_expectation_and_what_stood_there():
    assert (
        xades_findings.TABLE.read_text(encoding="ascii").splitlines() == xades_findings.table().splitlines()
    )
