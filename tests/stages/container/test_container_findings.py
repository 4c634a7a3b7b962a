# SPDX-License-Identifier: EUPL-1.2
"""What the sender of a broken container is told, word for word."""

import findings_table
import pytest
from zip_forge import deflate


@pytest.mark.skipif(
    len(deflate(b"x" * 2001)) != 17, reason="another deflate than zlib's packs to other sizes"
)
@pytest.mark.parametrize("name", ["archives", "containers"])
def test_findings_name_place_expectation_and_what_stood_there(name):
    kept = (findings_table.FOLDER / f"{name}.tsv").read_text(encoding="ascii")
    assert kept.splitlines() == findings_table.table(name).splitlines()
