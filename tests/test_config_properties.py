# SPDX-License-Identifier: EUPL-1.2
"""Whatever stands under a known key: the answer is a configuration or every fault at once, never another exception."""

import re
from datetime import datetime
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.config import read_config
from gateway.errors import ConfigInvalid, TrustStateMissing

TEMPLATES = Path(__file__).resolve().parent.parent / "schemas/config"
SCALARS = (
    st.text(max_size=20)
    | st.sampled_from(["\0", ".", "partners.toml", "warning", "signers", "ab" * 32])
    | st.booleans()
    | st.integers()
    | st.integers(min_value=1 << 15000, max_value=1 << 15001)
    | st.floats()
    | st.datetimes()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "id", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def written(value: object) -> str:
    """A value as TOML."""
    match value:
        case bool():
            return str(value).lower()
        case int():
            return hex(value) if value >= 0 else str(value)
        case str():
            return '"' + "".join(f"\\U{ord(letter):08x}" for letter in value) + '"'
        case list():
            return "[" + ", ".join(map(written, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key} = {written(item)}" for key, item in value.items()) + "}"
        case datetime():
            return value.isoformat()
    return str(value)


def known_keys(text: str) -> dict[str, list[str]]:
    """Section -> keys, of every section and key that a template shows, in use or commented out."""
    keys: dict[str, list[str]] = {}
    section = ""
    for line in text.splitlines():
        if header := re.fullmatch(r"#?\[+([a-z_.]+)\]+", line):
            section = header[1]
            keys.setdefault(section, [])
        elif key := re.match(r"#?([a-z_0-9]+) = ", line):
            keys[section].append(key[1])
    return keys


GATEWAY_KEYS = known_keys((TEMPLATES / "amtsbote.toml").read_text())
GATEWAY_KEYS["unsafe"] = ["clock_offset_seconds"]
PARTNER_KEYS = known_keys((TEMPLATES / "partners.toml").read_text())
LISTS = {"refresh.crl", "chamber", "authority", "auditor"}
# Keys whose fault hangs on another key's value, or that send the reader to another file.
MOVING = {
    ("gateway", "partners"),
    ("container", "max_bundle_mib"),
    ("transfer", "max_upload_mib_per_partner"),
    ("verify", "require_qualified"),
    ("trust", "lists"),
}


@st.composite
def files(draw: st.DrawFn, sections: dict[str, list[str]]) -> str:
    """A file that says anything at all under some of the known keys, and is sound otherwise."""
    lines = []
    for section, keys in sections.items():
        lines.append(f"[[{section}]]" if section in LISTS else f"[{section}]")
        sound = {"id": "a.example", "name": "Probe", "origin": "a.example/log"}
        values = {key: sound[key] for key in keys if key in sound and section in {"gateway", "log"}}
        values |= draw(st.dictionaries(st.sampled_from(keys), VALUES, max_size=3))
        lines += [f"{key} = {written(value)}" for key, value in values.items()]
    return "\n".join(lines)


def outcome(folder: Path, gateway: str, partners: str) -> tuple[str, ...]:
    """The problems; none where it is a configuration, or where the file of the partners is elsewhere and not there."""
    (folder / "amtsbote.toml").write_text(gateway, encoding="utf-8")
    (folder / "partners.toml").write_text(partners, encoding="utf-8")
    try:
        read_config(folder / "amtsbote.toml")
    except ConfigInvalid as invalid:
        return invalid.problems or ("invalid, and nothing is told",)
    except TrustStateMissing:
        if "\npartners = " not in gateway:
            raise
    return ()


@settings(deadline=None)
@given(files(GATEWAY_KEYS), files(PARTNER_KEYS))
def test_any_value_under_any_known_key_is_a_configuration_or_a_list_of_problems(
    tmp_path_factory, gateway, partners
):
    assert "invalid, and nothing is told" not in outcome(tmp_path_factory.mktemp("config"), gateway, partners)


@settings(deadline=None)
@given(st.data())
def test_faults_of_many_keys_are_all_reported_at_once(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("config")
    text = {section: sorted(keys) for section, keys in GATEWAY_KEYS.items() if section not in LISTS}
    text["gateway"] = [key for key in text["gateway"] if key not in {"id", "name"}]
    text["log"].remove("origin")
    every = [(section, key) for section, keys in text.items() for key in keys if (section, key) not in MOVING]
    chosen = data.draw(st.dictionaries(st.sampled_from(every), VALUES, min_size=2, max_size=8))

    def told(values: dict[tuple[str, str], object]) -> set[str]:
        lines = ['[gateway]\nid = "a"\nname = "b"', '[log]\norigin = "c"']
        blocks = {"gateway": [lines[0]], "log": [lines[1]]}
        for (section, key), value in values.items():
            blocks.setdefault(section, [f"[{section}]"]).append(f"{key} = {written(value)}")
        return set(outcome(folder, "\n".join(line for block in blocks.values() for line in block), ""))

    alone = set().union(*(told({place: value}) for place, value in chosen.items()))
    assert alone == told(chosen)
