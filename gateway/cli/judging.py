# SPDX-License-Identifier: EUPL-1.2
"""One file judged for a person, in a confined process: a hostile one cannot exhaust the machine it is looked at on."""

from datetime import datetime

from gateway.cli.files import FileSource
from gateway.cli.foreign import with_own_names
from gateway.examination import Knowledge, judge_file
from gateway.model.signature import VerificationReport
from gateway.roles.preloading import preload
from gateway.workers.alone import judge_alone


def judge_confined(
    source: FileSource, knowledge: Knowledge, moment: datetime, *, name: str
) -> VerificationReport:
    """As ``judge_file``. Raises ``GatewayFault`` where the kernel does not confine."""
    preload()
    return with_own_names(
        judge_alone(lambda: judge_file(source, knowledge, moment, name=name), source.fileno(), moment)
    )
