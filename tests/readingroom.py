# SPDX-License-Identifier: EUPL-1.2
"""A dossier.xml read by our code, and what it said of it."""

import pytest
from dossierroom import XML, schema

from gateway.errors import Rejected
from gateway.stages.dossier import read_dossier, write_dossier


def read(data):
    return read_dossier(data, schema=schema(), xml=XML)


def findings_of(data):
    with pytest.raises(Rejected) as caught:
        read(data)
    return caught.value.findings


def outcome(data):
    """Codes of a refusal; nothing for a dossier, which then reads back as it is written."""
    try:
        dossier = read(data)
    except Rejected as rejected:
        return {finding.code for finding in rejected.findings}
    assert dossier == read(write_dossier(dossier))
    return set()


def seen(findings):
    return {(finding.code, finding.place) for finding in findings}
