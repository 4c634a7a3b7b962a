# SPDX-License-Identifier: EUPL-1.2
"""The composition root: configuration -> objects -> roles. The only place that knows every part.

Objects get the values they need, never the configuration. Each role builds what it needs and nothing else: the
receive role has no log key, the publisher no master key, the workers and the refresher no key at all.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.catalogue import data_root, load_rules, load_schema
from gateway.config import Config, read_config
from gateway.couplings import Coupling, couple
from gateway.doorbell import Role
from gateway.errors import ConfigInvalid, TrustStateMissing
from gateway.examination import Knowledge, examine
from gateway.journal import Journal
from gateway.keyring import Keyring, load_certificates, load_revocation, read_secret
from gateway.model.evidence import Clock
from gateway.model.trust import SignaturePolicy, TrustMaterial
from gateway.policy import Policy
from gateway.publisher import Publisher
from gateway.refresher import Refresher
from gateway.seal import Sealer
from gateway.spool import Spool
from gateway.stages.signature.trust import TrustStore
from gateway.supervisor import Supervisor
from gateway.telemetry import EventLog
from gateway.tlog.note import NoteSigner
from gateway.workers import Examine, RemoteExaminer, WorkerPool

_VERIFY_SOCKET = "verify.sock"


def system_clock() -> datetime:
    """Now, UTC."""
    return datetime.now(UTC)


def system_entropy(count: int) -> bytes:
    """Random bytes of the operating system."""
    return os.urandom(count)


def knowledge_of(root: Path, material: TrustMaterial, policy: Policy) -> Knowledge:
    """What judgements rest on: shipped rules and schema, the operator's trust."""
    rules = load_rules(root / "rules")
    return Knowledge(
        policy=policy,
        signature_policy=SignaturePolicy(algorithms=rules.algorithms),
        trust=TrustStore(material),
        rules=rules,
        schema=load_schema(root, "dossier"),
    )


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

    def check(self) -> None:
        """Everything that must be there before any role starts. Raises with the command that makes what is missing."""
        self.journal().close()
        self.spool()
        self.signer()
        self.couplings()
        for directory, purpose in (
            (self.config.trust.signers, "seals"),
            (self.config.listen.client_cas, "TLS clients"),
        ):
            if not load_certificates(directory):
                raise TrustStateMissing(
                    f"no trust anchor for {purpose} in {directory}",
                    hint="put the CA's certificate (PEM) there",
                )

    def journal(self) -> Journal:
        """The open, sound journal."""
        journal = Journal.open(self.config.journal)
        journal.check()
        return journal

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

    def publisher(self, journal: Journal) -> Publisher:
        """The publish role's work."""
        key = self.keyring.private_key("seal.key")
        chain = x509.load_pem_x509_certificates(self.keyring.path("seal.crt").read_bytes())
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ConfigInvalid(["seal.key: expected an EC key (P-256)"])
        der = [certificate.public_bytes(serialization.Encoding.DER) for certificate in chain]
        return Publisher(
            journal,
            self.config.log_directory,
            self.config.log.guard,
            signer=self.signer(),
            sealer=Sealer(key, der[0], der[1:]),
            clock=self.clock,
        )

    def examiner(self) -> RemoteExaminer:
        """The way to the verification workers."""
        return RemoteExaminer(path=self.config.run / _VERIFY_SOCKET, limits=self.config.worker_limits)

    def worker_pool(self) -> WorkerPool:
        """The verify role."""
        return WorkerPool(
            path=self.config.run / _VERIFY_SOCKET,
            workers=self.config.workers,
            limits=self.config.worker_limits,
            prepare=self._prepare_examination,
            fingerprint=self._trust_fingerprint,
        )

    def refresher(self) -> Refresher:
        """The refresh role."""
        trust, listen = self.config.trust, self.config.listen
        seals = [
            *load_certificates(trust.signers),
            *load_certificates(trust.timestamping),
            *load_certificates(trust.intermediates),
        ]
        return Refresher(
            sources=self.config.refresh,
            directories={"signers": trust.revocation, "tls": listen.client_crls},
            issuers={
                "signers": [x509.load_der_x509_certificate(der) for der in seals],
                "tls": [x509.load_der_x509_certificate(der) for der in load_certificates(listen.client_cas)],
            },
            every_seconds=self.config.refresh_seconds,
            events=self.events(Role.REFRESH),
        )

    def issuer(self) -> dict[str, str]:
        """How the gateway names itself in evidence."""
        return {"id": self.config.gateway_id, "name": self.config.gateway_name}

    def _prepare_examination(self) -> Examine:
        trust = self.config.trust
        revocation = load_revocation(trust.revocation)
        material = TrustMaterial(
            signer_anchors=load_certificates(trust.signers),
            tsa_anchors=load_certificates(trust.timestamping),
            intermediates=load_certificates(trust.intermediates),
            crls=revocation.crls,
            ocsps=revocation.ocsps,
        )
        knowledge = knowledge_of(data_root(), material, self.config.policy)
        return lambda source, moment: examine(source, knowledge, moment)

    def _trust_fingerprint(self) -> object:
        trust = self.config.trust
        directories = (trust.signers, trust.timestamping, trust.intermediates, trust.revocation)
        return tuple(
            (path.name, status.st_mtime_ns, status.st_size, status.st_ino)
            for directory in directories
            for path in sorted(directory.iterdir())
            for status in [path.stat()]
        )


def supervise(service: Service, command: Callable[[Role], Sequence[str]]) -> None:
    """All roles on this machine until SIGTERM."""
    log = service.events("supervisor")
    Supervisor(
        command=command, report=lambda event, role, detail: log.info(event, kept=role.value, detail=detail)
    ).run()


def _moved_clock(offset: timedelta) -> Clock:
    return lambda: system_clock() + offset
