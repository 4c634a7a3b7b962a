# SPDX-License-Identifier: EUPL-1.2
"""``amtsbote pack``: a chamber's dossier.xml and its documents -> one signed bundle."""

import argparse
import os
import tempfile
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.catalogue import data_root, load_rules, load_schema
from gateway.cli.terminal import Exit, Terminal, WrongUse
from gateway.codes import Code
from gateway.errors import Rejected
from gateway.findings import Finding, blocking
from gateway.keyring import load_private_key
from gateway.model.dossier import Dossier
from gateway.model.rules import german_day
from gateway.packing import PackedFile, SigningIdentity, pack_bundle
from gateway.policy import XmlPolicy
from gateway.service import system_clock
from gateway.stages.completeness import missing
from gateway.stages.dossier import DOSSIER_NAME, legible_dossier, read_dossier, unknown_codes

_CHUNK = 1 << 18  # bytes
_COMPRESSED_ALREADY = {"image/jpeg", "image/png"}


def register(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "pack",
        help="make a signed bundle from dossier.xml and its documents",
        description="Reads DIRECTORY/dossier.xml, checks it and the completeness of its documents, and writes one ASiC-E "
        "container sealed with XAdES. With --example it writes a dossier.xml to start from instead.",
    )
    parser.add_argument(
        "directory", type=Path, metavar="DIRECTORY", help="where dossier.xml and the documents lie"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="the bundle to write (must not exist)")
    parser.add_argument("--key", type=Path, metavar="PEM", help="private key of the seal")
    parser.add_argument(
        "--certificate", type=Path, metavar="PEM", help="certificate of the seal, issuers after it"
    )
    parser.add_argument(
        "--incomplete", action="store_true", help="pack although required documents are missing"
    )
    parser.add_argument(
        "--example", action="store_true", help="write an example dossier.xml into DIRECTORY and stop"
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Check, pack, report."""
    if options.example:
        return _write_example(options.directory, terminal)
    missing = [f"--{name}" for name in ("out", "key", "certificate") if getattr(options, name) is None]
    if missing:
        terminal.error(f"expected {', '.join(missing)}", hint="amtsbote pack --help")
        return Exit.USAGE
    moment = system_clock()
    dossier = _checked(options.directory, terminal, moment, incomplete=options.incomplete)
    identity = read_identity(options.certificate, options.key)
    files = [_file(options.directory, name, kind) for name, kind in _contents(dossier)]
    write_bundle(options.out, files, identity, moment)
    size = options.out.stat().st_size
    terminal.say(
        f"{options.out}: {len(files)} Dateien, {size} Bytes, versiegelt. Weiter: amtsbote submit {options.out}",
        f"{options.out}: {len(files)} files, {size} bytes, sealed. Next: amtsbote submit {options.out}",
    )
    if terminal.as_json:
        terminal.data({"bundle": str(options.out), "files": len(files), "bytes": size})
    return Exit.GOOD


def read_identity(certificate: Path, key: Path) -> SigningIdentity:
    """The seal from two PEM files. Raises ``WrongUse`` if they are not a pair."""
    try:
        chain = x509.load_pem_x509_certificates(certificate.read_bytes())
    except (OSError, ValueError) as error:
        raise WrongUse([f"{certificate}: expected PEM certificates"]) from error
    private = load_private_key(key)
    if not isinstance(private, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise WrongUse([f"{key}: expected an EC or RSA key"])
    if private.public_key() != chain[0].public_key():
        raise WrongUse([f"{key} does not belong to the first certificate in {certificate}"])
    der = [c.public_bytes(serialization.Encoding.DER) for c in chain]
    return SigningIdentity(certificate_der=der[0], key=private, chain_der=tuple(der[1:]))


def write_bundle(out: Path, files: list[PackedFile], identity: SigningIdentity, moment: datetime) -> None:
    """Write beside the target and rename, so that a half-written bundle never has the final name."""
    if out.exists():
        raise WrongUse([f"{out} exists already"], hint="choose another name; bundles are never overwritten")
    descriptor, name = tempfile.mkstemp(dir=out.parent, prefix=f".{out.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            pack_bundle(file, files, identity=identity, moment=moment)
            file.flush()
            os.fsync(descriptor)
        temporary.rename(out)
    finally:
        temporary.unlink(missing_ok=True)


def _checked(directory: Path, terminal: Terminal, moment: datetime, *, incomplete: bool) -> Dossier:
    path = directory / DOSSIER_NAME
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WrongUse(
            [f"{path}: {os.strerror(error.errno or 0)}"],
            hint=f"begin with: amtsbote pack --example {directory}",
        ) from error
    root = data_root()
    rules, day = load_rules(root / "rules"), german_day(moment)
    dossier, refused = _read(data, root)
    faults = (*refused, *_absent(directory, dossier), *unknown_codes(dossier, rules, day))
    lacking = missing(dossier, rules, day)
    if faults or (blocking(lacking) and not incomplete):
        raise Rejected([*faults, *lacking])
    if lacking and not terminal.as_json:
        terminal.findings(lacking)
    return dossier


def _read(data: bytes, root: Path) -> tuple[Dossier, tuple[Finding, ...]]:
    """The dossier, or what can be read of it and everything that is wrong with it."""
    schema = load_schema(root, "dossier")
    try:
        return read_dossier(data, schema=schema, xml=XmlPolicy()), ()
    except Rejected as rejected:
        partly = legible_dossier(data, schema=schema, xml=XmlPolicy())
        if partly is None:
            raise
        from gateway.cli.proofreading import further_faults  # noqa: PLC0415 - a second to load, for bad dossiers only

        xsd = (root / "dossier/1.0/dossier.xsd").read_bytes()
        return partly, (
            *rejected.findings,
            *further_faults(data, rejected.findings, schema=xsd, xml=XmlPolicy()),
        )


def _absent(directory: Path, dossier: Dossier) -> Iterator[Finding]:
    for name in filter(None, (document.file for document in dossier.documents)):
        if not (directory / name).is_file():
            yield Finding(
                code=Code.DOCUMENT_NOT_IN_BUNDLE, place=name, expected=f"the file {directory / name}"
            )


def _contents(dossier: Dossier) -> Iterator[tuple[str, str]]:
    yield DOSSIER_NAME, "application/xml"
    for document in dossier.documents:
        yield document.file, document.media_type


def _file(directory: Path, name: str, media_type: str) -> PackedFile:
    path = directory / name
    return PackedFile(
        name=name,
        media_type=media_type,
        chunks=partial(_chunks, path),
        size=path.stat().st_size,
        compress=media_type not in _COMPRESSED_ALREADY,
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _write_example(directory: Path, terminal: Terminal) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    target = directory / DOSSIER_NAME
    if target.exists():
        raise WrongUse(
            [f"{target} exists already"], hint="choose another directory; a dossier is never overwritten"
        )
    target.write_bytes((data_root() / "dossier/1.0/example.xml").read_bytes())
    terminal.say(
        f"{target} ist ein Beispiel. Tragen Sie Ihre Angaben ein und legen Sie die Dokumente daneben.",
        f"{target} is an example. Enter your data and put the documents beside it.",
    )
    return Exit.GOOD
