# SPDX-License-Identifier: EUPL-1.2
"""The verification report of a dossier: as it is kept (JSON), and as ETSI TS 119 102-2 has it (XML).

One report is kept, in JSON; the XML is made of it whenever somebody asks, so erasing the one erases both.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.model.signature import VerificationReport
from gateway.model.wire import load
from gateway.stages.report.etsi import etsi_report


async def etsi_answer(report: Mapping[str, Any]) -> web.Response:
    """The report in the words of the standard; made in a thread, because a dossier may have thousands of files."""
    body = await asyncio.to_thread(lambda: etsi_report(load(VerificationReport, report)))
    return web.Response(body=body, content_type="application/xml")
