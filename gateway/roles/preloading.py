# SPDX-License-Identifier: EUPL-1.2
"""Loads what judging would load from disk in its midst: a confined worker can open no file, its own modules neither.

Which modules a bundle needs is its sender's choice: a character set in a PDF, a kind of key in a certificate. So all
are loaded that could be asked for, once, before the workers are forked; ``tests/test_preloading.py`` looks for
imports inside functions that are missing here.
"""

import contextlib
import encodings
import importlib
import pkgutil
import time
from collections.abc import Iterator

import asn1crypto
import cryptography

# Without their own sub-packages of other platforms and of key agreement these are all small.
_WHOLE = (encodings, asn1crypto, cryptography)
_SINGLE = (
    "_strptime",  # datetime.strptime
    "idna.uts46data",  # host names in certificates
    "pyhanko.pdf_utils.crypt._saslprep",
    "pyhanko.pdf_utils.filters",
    "pyhanko.pdf_utils.metadata.xmp_xml",
)


def preload() -> None:
    """Load them all into this process, and what the C library reads once."""
    for name in (*_SINGLE, *_modules()):
        with contextlib.suppress(ImportError):  # of another platform, or without a library nobody needs here
            importlib.import_module(name)
    time.tzset()


def _modules() -> Iterator[str]:
    for package in _WHOLE:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            yield module.name
