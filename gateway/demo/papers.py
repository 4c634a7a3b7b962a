# SPDX-License-Identifier: EUPL-1.2
"""The PDF documents of fictitious dossiers: real files, made by a library, readable by a person.

Every page says that the person does not exist, so that a stray file can never be taken for a passport.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from font_roboto import font_files
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from gateway.model.dossier import Dossier, Person

_GREY = (110, 110, 110)
_LINE = (200, 200, 200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """What one document says."""

    title: str
    rows: Sequence[tuple[str, str]]
    text: Sequence[str]
    signed_by: str


def make_pdf(kind: str, dossier: Dossier) -> bytes:
    """One document of the dossier as PDF. The same input gives the same bytes."""
    paper = _PAPERS.get(kind, _plain)(dossier)
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
        pdf.multi_cell(0, 6, value, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(1.5)
    pdf.ln(4)
    for paragraph in paper.text:
        pdf.multi_cell(0, 6, paragraph, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        pdf.ln(3)
    _signature(pdf, paper.signed_by, dossier.created)
    return bytes(pdf.output())


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
        address = f"{employer.address.street} {employer.address.house_number}, {employer.address.postcode} {employer.address.town}"
        self.cell(0, 5, f"{employer.name} · {address}", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
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


def _name(person: Person) -> str:
    return f"{person.given_names} {person.surname}"


def _identity(dossier: Dossier) -> list[tuple[str, str]]:
    worker = dossier.worker
    return [
        ("Name", _name(worker)),
        ("Geboren", f"{worker.date_of_birth:%d.%m.%Y} in {worker.place_of_birth}"),
        ("Staatsangehörigkeit", worker.nationality),
    ]


def _job_rows(dossier: Dossier) -> list[tuple[str, str]]:
    job = dossier.job
    if job is None:
        return []
    pay = (
        f"{job.gross_monthly_pay} Euro brutto im Monat" if job.gross_monthly_pay is not None else "nach Tarif"
    )
    return [
        ("Tätigkeit", job.occupation),
        ("Arbeitsort", job.place),
        ("Wochenstunden", str(job.weekly_hours)),
        ("Vergütung", pay),
    ]


def _power_of_attorney(dossier: Dossier) -> Paper:
    return Paper(
        title="Vollmacht",
        rows=_identity(dossier),
        text=[
            (
                f"Ich bevollmächtige {dossier.employer.name}, das beschleunigte Fachkräfteverfahren nach § 81a AufenthG in meinem "
                "Namen zu führen und dafür alle Erklärungen abzugeben und entgegenzunehmen."
            ),
            "Die Vollmacht umfasst das Recht, Untervollmacht zu erteilen.",
        ],
        signed_by=_name(dossier.worker),
    )


def _sub_authority(dossier: Dossier) -> Paper:
    return Paper(
        title="Untervollmacht",
        rows=[("Vollmachtgeber", dossier.employer.name), ("Bevollmächtigte Kammer", dossier.chamber)],
        text=[
            "Wir erteilen der genannten Kammer Untervollmacht, uns im Verfahren nach § 81a AufenthG zu vertreten."
        ],
        signed_by=dossier.employer.contact.name,
    )


def _agreement(dossier: Dossier) -> Paper:
    return Paper(
        title="Vereinbarung nach § 81a Absatz 2 AufenthG",
        rows=[
            ("Arbeitgeber", dossier.employer.name),
            ("Fachkraft", _name(dossier.worker)),
            *_job_rows(dossier),
        ],
        text=[
            (
                "Der Arbeitgeber und die Ausländerbehörde vereinbaren das beschleunigte Fachkräfteverfahren. Die Beteiligten, die "
                "Abläufe und die Fristen sind in der Anlage beschrieben."
            ),
            "Der Arbeitgeber wirkt darauf hin, dass die Fachkraft ihre Mitwirkungspflicht erfüllt.",
        ],
        signed_by=dossier.employer.contact.name,
    )


def _passport(dossier: Dossier) -> Paper:
    worker = dossier.worker
    until = f"{worker.passport_valid_until:%d.%m.%Y}" if worker.passport_valid_until else "unbekannt"
    return Paper(
        title="Reisepass (Kopie der Datenseite)",
        rows=[*_identity(dossier), ("Passnummer", worker.passport_number), ("Gültig bis", until)],
        text=["Dies ist keine Abbildung eines echten Ausweises."],
        signed_by="Kopie gefertigt durch die Kammer",
    )


def _curriculum(dossier: Dossier) -> Paper:
    return Paper(
        title="Lebenslauf",
        rows=_identity(dossier),
        text=[
            "2010 bis 2013: Berufsausbildung mit Abschlussprüfung",
            "2013 bis 2019: Tätigkeit im erlernten Beruf",
            "seit 2019: leitende Tätigkeit im erlernten Beruf",
            "Sprachen: Deutsch B1, Englisch B2",
        ],
        signed_by=_name(dossier.worker),
    )


def _contract(dossier: Dossier) -> Paper:
    return Paper(
        title="Arbeitsvertrag",
        rows=[
            ("Arbeitgeber", dossier.employer.name),
            ("Beschäftigte Person", _name(dossier.worker)),
            *_job_rows(dossier),
        ],
        text=[
            "Das Arbeitsverhältnis ist unbefristet. Es steht unter dem Vorbehalt der Erteilung des Aufenthaltstitels."
        ],
        signed_by=f"{dossier.employer.contact.name} · {_name(dossier.worker)}",
    )


def _employment(dossier: Dossier) -> Paper:
    return Paper(
        title="Erklärung zum Beschäftigungsverhältnis",
        rows=[
            ("Arbeitgeber", dossier.employer.name),
            ("Betriebsnummer", dossier.employer.betriebsnummer),
            *_job_rows(dossier),
        ],
        text=[
            "Die Angaben entsprechen dem Arbeitsvertrag. Es handelt sich nicht um Arbeitnehmerüberlassung."
        ],
        signed_by=dossier.employer.contact.name,
    )


def _recognition(dossier: Dossier) -> Paper:
    return Paper(
        title="Bescheid über die Gleichwertigkeit",
        rows=_identity(dossier),
        text=["Die im Ausland erworbene Berufsqualifikation ist dem deutschen Referenzberuf gleichwertig."],
        signed_by="Anerkennende Stelle",
    )


def _plain(dossier: Dossier) -> Paper:
    return Paper(
        title="Nachweis",
        rows=_identity(dossier),
        text=[f"Nachweis zum Verfahren {dossier.reference} von {dossier.employer.name}."],
        signed_by=dossier.contact.name,
    )


_PAPERS: dict[str, Callable[[Dossier], Paper]] = {
    "VOLLMACHT_FACHKRAFT": _power_of_attorney,
    "UNTERVOLLMACHT": _sub_authority,
    "VEREINBARUNG_81A": _agreement,
    "PASS": _passport,
    "LEBENSLAUF": _curriculum,
    "ARBEITSVERTRAG": _contract,
    "ERKL_BESCHAEFTIGUNG": _employment,
    "ANERKENNUNG": _recognition,
}
