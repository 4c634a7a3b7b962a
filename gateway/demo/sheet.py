# SPDX-License-Identifier: EUPL-1.2
"""The sheet on which the documents of fictitious dossiers are printed. Leaves out what they say (``gateway.demo.papers``).

Every page says that the person does not exist, so that a stray file can never be taken for a passport.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from font_roboto import font_files
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from gateway.model.dossier import Address, Dossier

_GREY = (110, 110, 110)
_LINE = (200, 200, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What one document says."""

    title: str
    rows: Sequence[tuple[str, str]]
    text: Sequence[str]
    signed_by: str


def print_paper(paper: Paper, kind: str, dossier: Dossier) -> bytes:
    """The paper as PDF. The same input gives the same bytes."""
    pdf = _Sheet(kind, dossier)
    pdf.add_page()
    pdf.set_font("Roboto", style="B", size=17)
    pdf.multi_cell(0, 9, paper.title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(5)
    for label, value in paper.rows:
        pdf.set_font("Roboto", size=8)
        pdf.set_text_color(*_GREY)
        pdf.cell(0, 5, label, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.set_text_color(0)
        pdf.set_font("Roboto", size=11)
        pdf.multi_cell(0, 6, value, align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(1.5)
    pdf.ln(4)
    for paragraph in paper.text:
        pdf.multi_cell(
            0, 6, paragraph.replace("§ ", "§\u00a0"), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        pdf.ln(3)
    _signature(pdf, paper.signed_by, dossier.created)
    return bytes(pdf.output())


def address_line(address: Address) -> str:
    """In one line."""
    return f"{address.street} {address.house_number}, {address.postcode} {address.town}"


class _Sheet(FPDF):
    """A4 with the employer's letterhead and a footer that says what this is."""

    def __init__(self, kind: str, dossier: Dossier) -> None:
        super().__init__(format="A4")
        self._kind, self._dossier = kind, dossier
        self.add_font("Roboto", fname=font_files["Roboto"])
        self.add_font("Roboto", style="B", fname=font_files["RobotoBold"])
        self.set_margins(25, 22, 25)
        self.set_auto_page_break(auto=True, margin=25)
        self.set_creation_date(dossier.created)
        self.set_title(f"{kind} {dossier.reference}")
        self.set_lang("de-DE")

    def header(self) -> None:
        """Letterhead."""
        employer = self._dossier.employer
        self.set_font("Roboto", size=8)
        self.set_text_color(*_GREY)
        self.cell(
            0, 5, f"{employer.name} · {address_line(employer.address)}", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )
        self.set_draw_color(*_LINE)
        self.line(25, self.get_y() + 1, 185, self.get_y() + 1)
        self.ln(12)
        self.set_text_color(0)

    def footer(self) -> None:
        """What this is and what it is not."""
        self.set_y(-18)
        self.set_font("Roboto", size=7)
        self.set_text_color(*_GREY)
        self.multi_cell(
            0,
            4,
            f"Muster zur Vorführung. Die genannten Personen und Firmen sind erfunden.\n"
            f"Aktenzeichen {self._dossier.reference} · {self._kind} · Seite {self.page_no()}",
            align="C",
        )
        self.set_text_color(0)


def _signature(pdf: FPDF, name: str, moment: datetime) -> None:
    pdf.ln(12)
    pdf.set_draw_color(*_LINE)
    pdf.line(25, pdf.get_y(), 95, pdf.get_y())
    pdf.set_font("Roboto", size=9)
    pdf.cell(0, 6, f"{moment:%d.%m.%Y}   {name}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
