# SPDX-License-Identifier: EUPL-1.2
"""Nothing that judging may need is left on disk: a confined worker could not load it any more."""

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARIES = (
    "gateway",
    "pyhanko",
    "pyhanko_certvalidator",
    "asn1crypto",
    "cryptography",
    "lxml",
    "xmlschema",
    "elementpath",
)
# Imports inside functions that no judgement reaches: pictures and fonts are for making PDFs, trust comes from our anchors.
NOT_REACHED = {
    "PIL",
    "PIL.Image",
    "oscrypto",
    "oscrypto.trust_list",
    "pyhanko.pdf_utils.font.opentype",
    "pyhanko.pdf_utils.images",
    "pyhanko.pdf_utils.qr",
    "qrcode",
}
ASKED = """
import sys
import gateway.roles.verify
from gateway.roles.preloading import preload
preload()
print(*(f"{name}={getattr(module, '__file__', None)}" for name, module in sys.modules.items()), sep="\\n")
"""


@pytest.fixture(scope="module")
def loaded() -> dict[str, str]:
    """Modules of a verify role that is ready to fork workers, and where they lie."""
    told = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in told.splitlines())


def late_imports(name: str, path: Path) -> Iterator[str]:
    """Modules that functions of this one import."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for function in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if isinstance(node, ast.Import):
                    yield from (alias.name for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    base = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                    yield base
                    yield from (
                        f"{base}.{alias.name}" for alias in node.names if is_module(f"{base}.{alias.name}")
                    )


def is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ImportError:
        return False


def test_no_library_imports_later_what_was_not_loaded_before(loaded):
    late = {
        module
        for name, path in loaded.items()
        if name.partition(".")[0] in LIBRARIES and path.endswith(".py")
        for module in late_imports(name, Path(path))
    }

    assert NOT_REACHED >= late - loaded.keys()


def test_every_character_set_is_there(loaded):
    folder = Path(loaded["encodings"]).parent
    of_windows = {"mbcs", "oem"}

    assert {path.stem for path in folder.glob("[a-z]*.py")} - of_windows <= {
        name.removeprefix("encodings.") for name in loaded if name.startswith("encodings.")
    }
