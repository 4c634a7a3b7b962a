# SPDX-License-Identifier: EUPL-1.2
"""An authority's answer as JSON: any input is an answer or refused with every fault named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.codes import Code
from gateway.errors import Rejected
from gateway.model.answer import answer_body, read_answer
from gateway.model.delivery import Answer, AnswerKind

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
fields = st.fixed_dictionaries(
    {},
    optional={
        "id": json_values,
        "kind": json_values | st.sampled_from(list(AnswerKind)),
        "message": json_values,
        "reference": json_values,
        "requested_documents": json_values | st.lists(st.text(max_size=8)),
        "other": json_values,
    },
)


@given(json_values | fields)
def test_any_json_is_an_answer_or_refused_with_findings(data):
    answer, refused = read(data)
    assert refused <= {Code.ANSWER_MALFORMED}
    if answer is not None:
        assert answer == read_answer({"id": answer.id, **answer_body(answer)}, delivery_id="D")


def read(data) -> tuple[Answer | None, set[Code]]:
    try:
        return read_answer(data, delivery_id="D"), set()
    except Rejected as refusal:
        return None, {finding.code for finding in refusal.findings}


def test_all_faults_of_an_answer_are_found_at_once():
    faulty = {
        "id": "../x",
        "kind": "maybe",
        "message": 7,
        "extra": 1,
        "requested_documents": ["x y"],
        "reference": "r" * 300,
    }
    with pytest.raises(Rejected) as refusal:
        read_answer(faulty, delivery_id="D")
    assert {
        "answer/id",
        "answer/kind",
        "answer/message",
        "answer/extra",
        "answer/reference",
        "answer/requested_documents",
    } == {finding.place for finding in refusal.value.findings}
