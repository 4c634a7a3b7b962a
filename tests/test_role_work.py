# SPDX-License-Identifier: EUPL-1.2
"""A role of which there may be one only is held until its process is gone."""

import subprocess
import sys

import pytest

from gateway.doorbell import Role
from gateway.errors import Unavailable
from gateway.roles.work import be_the_only_one

HOLDER = """
import sys
from pathlib import Path
from gateway.doorbell import Role
from gateway.roles.work import be_the_only_one
be_the_only_one(Path(sys.argv[1]), Role.DELIVER)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_deliverer_waits_for_the_end_of_the_first(tmp_path):
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with first:
        assert b"held\n" == first.stdout.readline()
        with pytest.raises(Unavailable):
            be_the_only_one(tmp_path, Role.DELIVER)
        first.kill()
    be_the_only_one(tmp_path, Role.DELIVER)
