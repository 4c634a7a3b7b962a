# SPDX-License-Identifier: EUPL-1.2
"""Names of trusted lists, as ETSI TS 119 612 prints them. No logic."""

TSL = "http://uri.etsi.org/02231/v2#"
ADDITIONAL_TYPES = "http://uri.etsi.org/02231/v2/additionaltypes#"
SERVICE_EXTENSIONS = "http://uri.etsi.org/TrstSvc/SvcInfoExt/eSigDir-1999-93-EC-TrustedList/#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

LIST_OF_LISTS = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUlistofthelists"
NATIONAL_LIST = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/EUgeneric"
MEDIA_TYPE = "application/vnd.etsi.tsl+xml"
VERSIONS = frozenset(
    {"5", "6"}
)  # clause 5.3.1: of V2.1.1 and V2.3.1; an unknown version may mean other things
UNION = "EU"

CA_QC = "http://uri.etsi.org/TrstSvc/Svctype/CA/QC"
GRANTED = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/granted"
STATUS_BEFORE_EIDAS = (
    frozenset(  # clause 5.5.4 and annex J: what "granted" was called under Directive 1999/93/EC
        f"http://uri.etsi.org/TrstSvc/{part}Svcstatus/{status}"
        for part in ("TrustedList/", "eSigDir-1999-93-EC-TrustedList/")
        for status in ("undersupervision", "supervisionincessation", "accredited")
    )
)


def tsl(local: str) -> str:
    """A name of the list itself in Clark notation."""
    return f"{{{TSL}}}{local}"


def extra(local: str) -> str:
    """A name of the additional types in Clark notation."""
    return f"{{{ADDITIONAL_TYPES}}}{local}"


def extension(local: str) -> str:
    """A name of the service information extensions in Clark notation."""
    return f"{{{SERVICE_EXTENSIONS}}}{local}"
