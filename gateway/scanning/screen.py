# SPDX-License-Identifier: EUPL-1.2
"""Feeds the files of one bundle to clamd, on the session that the receive role opened. Runs inside a worker.

One file at a time, although the protocol would take several: clamd 1.4 closes a session in which something went wrong
and answers what is still pending on whichever connection gets the same descriptor next, numbered as in the old one.
So an answer that is not the one awaited ends the scan, nothing is ever left pending by us, and in the end clamd must
close the session without another word: it does so only after its last verdict, and a stranger's would show.
"""

import socket
import time
from collections.abc import Callable, Iterable

from gateway.codes import Code
from gateway.findings import Finding
from gateway.model.scan import ScannerFault, ScannerUnavailable, ScanTerms, Screened, Suspect
from gateway.scanning import dialect

# Names that clamd gives where it did not look to the end (libclamav's heuristics), with the options on that we demand.
_GAVE_UP = ("Heuristics.Limits.Exceeded", "Heuristics.Encrypted")
_OUT_OF_TIME = "Heuristics.Limits.Exceeded.MaxScanTime"  # says more of the machine than of the file


class ClamdScreen:
    """One bundle's turn. Owned by one worker; the connection stays the caller's."""

    def __init__(
        self,
        connection: socket.socket,
        terms: ScanTerms,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection, self._terms, self._monotonic = connection, terms, monotonic
        self._asked, self._until = terms.asked, 0.0

    def screen(self, files: Iterable[Suspect]) -> Screened:
        """Look into every file, also after a find. Raises ``ScannerUnavailable`` unless there is a verdict on each."""
        findings, looked = [], 0
        self._until = self._monotonic() + self._terms.seconds
        try:
            for file in files:
                if file.size > self._terms.max_file_bytes:
                    findings.append(_too_large(file, self._terms.max_file_bytes))
                    continue
                finding = self._look(file)
                looked += 1
                if finding is not None:
                    findings.append(finding)
            self._part()
        except TimeoutError as error:
            raise ScannerUnavailable(ScannerFault.TOO_SLOW) from error
        except OSError as error:
            raise ScannerUnavailable(ScannerFault.BROKE_OFF) from error
        return Screened(terms=self._terms, files=looked, findings=tuple(findings))

    def _look(self, file: Suspect) -> Finding | None:
        self._asked += 1
        try:
            for piece in dialect.stream(file.chunks):
                self._wait()
                self._connection.sendall(piece)
        except ConnectionError:
            # Closed in the midst of a file; the reason it gives, if it gives one, is what the operator needs.
            dialect.signature_in(dialect.answer_to(self._asked, self._answer()))
            raise
        signature = dialect.signature_in(dialect.answer_to(self._asked, self._answer()))
        if signature is not None and signature.startswith(_OUT_OF_TIME):
            raise ScannerUnavailable(ScannerFault.TOO_SLOW)
        return None if signature is None else _found(file, signature)

    def _answer(self) -> bytes:
        """One answer without its final zero. What comes behind it was not asked for."""
        received = bytearray()
        while b"\0" not in received:
            piece = self._receive()
            if not piece:
                raise ScannerUnavailable(ScannerFault.BROKE_OFF)
            received += piece
            if len(received) > dialect.MAX_ANSWER:
                raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD)
        if not received.endswith(b"\0"):
            raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD)
        return bytes(received[:-1])

    def _part(self) -> None:
        self._wait()
        self._connection.sendall(dialect.END)
        if self._receive():
            raise ScannerUnavailable(ScannerFault.NOT_UNDERSTOOD)

    def _receive(self) -> bytes:
        self._wait()
        return self._connection.recv(dialect.MAX_ANSWER)

    def _wait(self) -> None:
        """The next operation may take what is left of the time. Raises ``TimeoutError`` if nothing is."""
        left = self._until - self._monotonic()
        if left <= 0:
            raise TimeoutError
        self._connection.settimeout(left)


def _found(file: Suspect, signature: str) -> Finding:
    gave_up = signature.startswith(_GAVE_UP)
    return Finding(
        code=Code.MALWARE_UNSCANNED if gave_up else Code.MALWARE_FOUND,
        place=file.name,
        expected="a file that can be searched to its end" if gave_up else "a file without malware",
        got=signature,
    )


def _too_large(file: Suspect, limit: int) -> Finding:
    return Finding(
        code=Code.MALWARE_UNSCANNED,
        place=file.name,
        expected=f"at most {limit} bytes",
        got=f"{file.size} bytes",
    )
