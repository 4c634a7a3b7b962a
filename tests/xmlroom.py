# SPDX-License-Identifier: EUPL-1.2
"""Pieces of signature XML, and what a reader of them said: in its findings, or in the one that it refused with."""

import pytest
from lxml import etree

from gateway.errors import Rejected
from gateway.stages.signature.xmldsig.c14n import EXCLUSIVE
from gateway.stages.signature.xmldsig.names import DS, XADES, XADES_141


def dsig(text):
    return etree.fromstring(f'<r xmlns="{DS}" xmlns:ds="{DS}" xmlns:ec="{EXCLUSIVE}">{text}</r>')[0]


def xades(text):
    return etree.fromstring(f'<r xmlns="{XADES}" xmlns:new="{XADES_141}" xmlns:ds="{DS}">{text}</r>')[0]


def told(read):
    return [(f.code, f.place, f.expected, f.got) for f in read.findings]


def refused(attempt):
    with pytest.raises(Rejected) as refusal:
        attempt()
    (finding,) = refusal.value.findings
    return finding.code, finding.place, finding.expected, finding.got
