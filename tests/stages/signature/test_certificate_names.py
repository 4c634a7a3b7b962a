# SPDX-License-Identifier: EUPL-1.2
"""Names in certificates as text: short names for what real seals hold, one line whatever stands in them."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from gateway.stages.signature.certificates.names import text_of


def named(*attributes: tuple[str, str]) -> str:
    parts = [x509.NameAttribute(x509.ObjectIdentifier(oid), value) for oid, value in attributes]
    return text_of(x509.Name(parts))


@pytest.mark.parametrize(
    ("oid", "short"),
    [
        ("1.2.840.113549.1.9.1", "emailAddress"),
        ("2.5.4.5", "serialNumber"),
        ("2.5.4.97", "organizationIdentifier"),
        ("2.5.4.42", "GN"),
        ("2.5.4.4", "SN"),
        ("2.5.4.3", "CN"),
        ("1.2.3.4", "1.2.3.4"),
    ],
)
def test_attributes_have_the_names_people_know(oid, short):
    assert f"{short}=x" == named((oid, "x"))


@pytest.mark.parametrize(
    "character", ["\n", "\r", "\t", "\x1b", "\x7f", "\u2028", "\u200b", "\u202e", "\ufeff"]
)
def test_nothing_in_a_name_ends_its_line_or_hides(character):
    told = named((NameOID.COMMON_NAME.dotted_string, f"IHK{character}X"))
    escaped = "".join(f"\\{byte:02X}" for byte in character.encode())

    assert (f"CN=IHK{escaped}X", True) == (told, told.isprintable())


def test_letters_of_every_script_stay():
    assert "CN=كمال الدين Müller-Łódź" == named((NameOID.COMMON_NAME.dotted_string, "كمال الدين Müller-Łódź"))
