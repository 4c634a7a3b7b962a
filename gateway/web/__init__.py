# SPDX-License-Identifier: EUPL-1.2
"""The HTTP border: deadlines, limits, identity, problem+json and the routes of ``schemas/openapi.yaml``.

It decides nothing about dossiers: handlers translate between HTTP and the services they are given (``services``).
Everything that arrives is hostile until ``admission`` let it through; what cannot be read as a request is closed.
"""
