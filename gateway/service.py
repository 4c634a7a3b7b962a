# SPDX-License-Identifier: EUPL-1.2
"""The composition root: configuration -> the parts that several roles share. Each role builds the rest (``gateway.roles``).

Objects get the values they need, never the configuration. Nothing is built before it is asked for: the receive role
never reads the log key, the publisher never the master key, the workers and the refresher no key at all.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.codes import Code
from gateway.config import Config, read_config
from gateway.couplings import Coupling, couple
from gateway.doorbell import Role
from gateway.errors import ConfigInvalid, Unavailable
from gateway.journal import Journal
from gateway.keyring import Keyring, read_secret
from gateway.model.evidence import Clock
from gateway.spool import Spool
from gateway.supervisor import Supervisor
from gateway.telemetry import EventLog
from gateway.tilestore import LocalDisk
from gateway.tlog.note import NoteSigner


def system_clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


def system_entropy(count: int) -> bytes:
    """Random bytes of the operating system."""
    return os.urandom(count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A configured gateway; builds the parts of its roles."""

    config: Config
    keyring: Keyring
    clock: Clock

    @classmethod
    def load(cls, path: Path, *, credentials: Path | None) -> "Service":
        """Read the configuration. Raises ``TrustStateMissing``, ``ConfigInvalid``."""
        config = read_config(path)
        offset = config.unsafe_clock_offset
        clock = _moved_clock(offset) if offset else system_clock
        return cls(
            config=config, keyring=Keyring(directory=config.keys, credentials=credentials), clock=clock
        )

    def events(self, role: str) -> EventLog:
        """The log of one role."""
        log = EventLog(sys.stdout, system_clock, role=role)
        if self.config.unsafe_clock_offset:
            log.warning("unsafe-clock", offset_seconds=int(self.config.unsafe_clock_offset.total_seconds()))
        return log

    def journal(self) -> Journal:
        """The open journal. Whether it is whole is asked once a start, not by every role (``roles.readiness``)."""
        return Journal.open(self.config.journal)

    def spool(self) -> Spool:
        """The spool with its master key."""
        master = self.keyring.master_key(
            "master.key", old=self.config.spool.old_master_keys, entropy=system_entropy
        )
        return Spool(self.config.spool_directory, master, system_entropy)

    def couplings(self) -> dict[str, Coupling]:
        """Format and transport of every authority."""
        return dict(couple(self.config.partners.authorities))

    def signer(self) -> NoteSigner:
        """The log key."""
        path = self.keyring.path("log.key")
        try:
            return NoteSigner.parse(read_secret(path).decode("ascii").strip())
        except ValueError as error:
            raise ConfigInvalid(
                [f"{path}: expected a signed-note key"], hint="make one with: amtsbote init"
            ) from error

    def issuer(self) -> dict[str, str]:
        """How the gateway names itself in evidence."""
        return {"id": self.config.gateway_id, "name": self.config.gateway_name}


def supervise(service: Service, command: Callable[[Role], Sequence[str]]) -> None:
    """All roles on this machine until SIGTERM. Raises ``Unavailable`` where a supervisor works on this state already."""
    log = service.events("supervisor")
    unlock = _sole_supervisor(service.config.run)
    try:
        Supervisor(
            command=command,
            report=lambda event, role, detail: log.info(event, kept=role.value, detail=detail),
        ).run()
    finally:
        unlock()


def _sole_supervisor(run: Path) -> Callable[[], None]:
    # A second set of roles would take the first one's sockets, and its deliver role what the first is handing over.
    run.mkdir(exist_ok=True)
    try:
        return LocalDisk().lock(run / "supervisor.lock")
    except BlockingIOError as error:
        raise Unavailable(
            Code.SERVICE_UNAVAILABLE,
            f"a gateway runs already with the state in {run.parent}",
            hint="stop that one first",
        ) from error


def _moved_clock(offset: timedelta) -> Clock:
    return lambda: system_clock() + offset
