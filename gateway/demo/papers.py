# SPDX-License-Identifier: EUPL-1.2
"""The PDF documents of fictitious dossiers: real files, made by a library, readable by a person."""

from collections.abc import Callable
from decimal import Decimal

from gateway.demo.sheet import Paper, address_line, print_paper
from gateway.model.dossier import Contact, Dossier, Person


def make_pdf(kind: str, dossier: Dossier) -> bytes:
    """One document of the dossier as PDF. The same input gives the same bytes."""
    return print_paper(_PAPERS.get(kind, _plain)(dossier), kind, dossier)


def _name(person: Person) -> str:
    return f"{person.given_names} {person.surname}"


def _number(value: Decimal | None) -> str:
    """As written in German: 3.280,00."""
    return f"{value or 0:,}".translate(str.maketrans(",.", ".,"))


def _reach(contact: Contact) -> str:
    return " · ".join(filter(None, (contact.name, contact.email, contact.phone)))


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
    known = job.gross_monthly_pay is not None
    pay = f"{_number(job.gross_monthly_pay)} Euro brutto im Monat" if known else "nach Tarif"
    return [
        ("Tätigkeit", job.occupation),
        ("Arbeitsort", job.place),
        ("Wochenstunden", _number(job.weekly_hours)),
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
        rows=[("Vollmachtgeber", dossier.employer.name), *_sub_authorised(dossier)],
        text=[
            "Wir erteilen der genannten Kammer Untervollmacht, uns im Verfahren nach § 81a AufenthG zu vertreten."
        ],
        signed_by=dossier.employer.contact.name,
    )


def _sub_authorised(dossier: Dossier) -> list[tuple[str, str]]:
    office = dossier.sub_authorised
    if office is None or office.address is None or office.contact is None:
        return []
    return [
        ("Bevollmächtigte Kammer", f"{office.name}, {address_line(office.address)}"),
        ("Ansprechperson", _reach(office.contact)),
    ]


def _agreement(dossier: Dossier) -> Paper:
    worker = dossier.worker
    return Paper(
        title="Vereinbarung nach § 81a Absatz 2 AufenthG",
        rows=[
            ("Arbeitgeber", f"{dossier.employer.name}, {_reach(dossier.employer.contact)}"),
            ("Fachkraft", _name(dossier.worker)),
            *([("Anschrift", address_line(worker.address))] if worker.address else []),
            ("Erreichbar", " · ".join(filter(None, (worker.email, worker.phone)))),
            *_sub_authorised(dossier),
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
