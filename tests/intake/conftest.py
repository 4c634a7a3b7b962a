# SPDX-License-Identifier: EUPL-1.2
"""A gateway's way in, whose journal and files agree after every test."""

import pytest
from intakeroom import IntakeRoom


@pytest.fixture
def room(tmp_path):
    room = IntakeRoom(tmp_path)
    yield room
    assert [] == room.damages
    room.journal.check()
    room.recover()  # rows and files agree
    room.close()
