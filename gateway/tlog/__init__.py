# SPDX-License-Identifier: EUPL-1.2
"""The log's mathematics and formats, pure: RFC 6962 tree, C2SP tiles, signed notes, checkpoints, proofs, our entries.

Bytes in, values or ``Rejected`` out; nothing here opens a file, a socket or a clock. Byte for byte after C2SP
tlog-tiles, signed-note v1.0.0, tlog-checkpoint v1.0.0 and tlog-proof, so that other people's tools read our logs.
"""
