# SPDX-License-Identifier: EUPL-1.2
"""Finds adapters by entry point and couples, for each authority, one format with one transport.

The configuration names entry points, never dotted paths: a configuration file cannot load code that nobody installed.
The gateway imports no adapter; the shipped ones come in by the same door as a third party's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from gateway.errors import ConfigInvalid
from gateway.model.partner import Authority
from gateway.ports import Format, Transport

FORMATS = "amtsbote.formats"
TRANSPORTS = "amtsbote.transports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupling:
    """How one authority is reached."""

    authority: Authority
    format: Format
    transport: Transport


def couple(authorities: Iterable[Authority]) -> Mapping[str, Coupling]:
    """One coupling per authority, by its id. Raises ``ConfigInvalid`` with the faults of all authorities."""
    formats, transports = installed(FORMATS), installed(TRANSPORTS)
    couplings: dict[str, Coupling] = {}
    problems: list[str] = []
    for authority in authorities:
        try:
            couplings[authority.id] = _coupling(authority, formats, transports)
        except ConfigInvalid as error:
            problems += [f"authority {authority.id}: {problem}" for problem in error.problems]
    if problems:
        raise ConfigInvalid(problems, hint="mend partners.toml, or install the adapter it names")
    return couplings


def installed(group: str) -> Mapping[str, EntryPoint]:
    """The installed adapters of one group by name. Raises ``ConfigInvalid`` where two packages claim one name."""
    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=group):
        earlier = found.setdefault(point.name, point)
        if earlier.value != point.value:
            # Else the order of sys.path would decide whose code gets the dossiers.
            raise ConfigInvalid(
                [f"adapter {point.name} is claimed twice: by {earlier.value} and by {point.value}"],
                hint="uninstall one of the two packages",
            )
    return found


def _coupling(
    authority: Authority, formats: Mapping[str, EntryPoint], transports: Mapping[str, EntryPoint]
) -> Coupling:
    problems: list[str] = []
    made_format: Format | None = _configured(
        "format", authority.format, formats, authority.format_settings, problems
    )
    made_transport: Transport | None = _configured(
        "transport", authority.transport, transports, authority.transport_settings, problems
    )
    if made_format is None or made_transport is None:
        raise ConfigInvalid(problems)
    if made_format.shape not in made_transport.carries:
        carried = " or ".join(sorted(made_transport.carries))
        raise ConfigInvalid(
            [
                f"transport {authority.transport} carries {carried}, format {authority.format} makes a {made_format.shape}"
            ]
        )
    return Coupling(authority=authority, format=made_format, transport=made_transport)


def _configured(
    kind: str, name: str, known: Mapping[str, EntryPoint], settings: Mapping[str, object], problems: list[str]
) -> Any:
    point = known.get(name)
    if point is None:
        problems.append(
            f"{kind}: expected one of {', '.join(sorted(known)) or 'none installed'}, got {name!r}"
        )
        return None
    try:
        return point.load().configure(settings)
    except ConfigInvalid as error:
        problems += error.problems
    except (ImportError, AttributeError) as error:
        problems.append(f"{kind} {name}: cannot be loaded: {error}")
    except Exception as error:  # noqa: BLE001 - an adapter is other people's code; its text may quote a secret setting
        problems.append(
            f"{kind} {name}: its settings end in an error of the adapter ({type(error).__name__})"
        )
    return None
