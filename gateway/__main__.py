# SPDX-License-Identifier: EUPL-1.2
"""``python -m gateway`` is ``amtsbote``."""

import sys

from gateway.cli import main

if __name__ == "__main__":
    sys.exit(main())
