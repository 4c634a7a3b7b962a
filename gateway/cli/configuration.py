# SPDX-License-Identifier: EUPL-1.2
"""The option with which every verb of the operator finds the gateway's configuration."""

import argparse
from pathlib import Path


def add_option(parser: argparse.ArgumentParser) -> None:
    """``--config``."""
    parser.add_argument(
        "--config",
        type=Path,
        default=Path("amtsbote.toml"),
        metavar="FILE",
        help="configuration; default: amtsbote.toml",
    )
