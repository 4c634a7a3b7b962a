# SPDX-License-Identifier: EUPL-1.2
"""Fuzzing: ``make fuzz``. One module a border; each says what it gives any bytes, and what must hold of the answer.

``contract`` is what every target promises, ``__main__`` runs them, ``attack`` is the process that atheris drives,
``seeds`` makes the kept inputs anew. The kept inputs run as a plain test too (``tests/test_fuzz_corpus.py``).
"""

TARGETS = ("zip_container", "asic_manifest", "xades_files", "cms_files", "pdf_scan", "dossier_xml")
