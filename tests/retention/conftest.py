# SPDX-License-Identifier: EUPL-1.2
"""A gateway whose dossiers grow old."""

import pytest
from intakeroom import IntakeRoom


@pytest.fixture
def room(tmp_path):
    room = IntakeRoom(tmp_path)
    yield room
    room.journal.check()
    room.close()
