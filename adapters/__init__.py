# SPDX-License-Identifier: EUPL-1.2
"""Adapters: how a dossier gets into the inbox of one kind of authority. How to write one:

1. Decide which half it is. A **format** turns a dossier into a package (pure: no I/O, clock or randomness); a
   **transport** carries a package into an inbox (all the I/O). Any format goes on any transport that carries its shape.
2. Write one class that fits ``gateway.ports.Format`` or ``gateway.ports.Transport``. Their docstrings are the contract.
   Import ``gateway.ports``, ``gateway.model``, ``gateway.errors``, ``gateway.codes`` and third parties, nothing else of ours.
3. ``configure(settings)`` reads your keys, refuses unknown ones and raises ``ConfigInvalid`` with *all* faults. Secrets
   are paths, never values.
4. A format names a package after the delivery id, makes every file name itself (a sender's name never becomes a path),
   puts the file that makes the package whole last, and checks what it made against the recipient's own schema.
5. A transport answers ``hand_over`` only when the package is durable at the recipient. Doing it again under the same
   name must have the effect of once: a crash can fall between your success and our record of it. The recipient's
   faults are ``DeliveryFailed``: ``retry=False`` only where trying again cannot help. No retries, no back-off, no
   time limit of your own: the gateway has them.
6. ``collect`` gives an answer again until ``settle`` was called with it, and names as ``unreadable`` what was meant as
   an answer and cannot be read, as long as it lies there. Never throw such a thing away.
7. Name the class in your package's ``pyproject.toml``, in the group ``amtsbote.formats`` or ``amtsbote.transports``; the
   configuration names the entry point. ``tests/plugins/sample_adapter`` is a whole package to copy.
8. Run the contract: ``pytest tests/adapters/test_contract.py`` takes every installed adapter by its entry point;
   settings yours needs are given in ``AMTSBOTE_ADAPTER_SETTINGS`` (JSON).

The shipped ones: formats ``asice`` (the signed original) and ``index`` (single files with an index), transports
``inbox`` (the authority fetches) and ``directory`` (hot folder). Read ``transports/inbox.py`` first.
"""
