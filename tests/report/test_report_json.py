"""The JSON contract of design.md."""

from __future__ import annotations

import json

from fapi_lint.report.formats import FORMATS

EXPECTED = {
    "code": "FAPI205",
    "name": "backref",
    "message": '`backref="posts"` declares an attribute on User that cannot be seen there',
    "filename": "/project/app/models/post.py",
    "location": {"row": 14, "column": 35},
    "end_location": {"row": 14, "column": 50},
    "noqa_row": 14,
    "url": "https://example.org/rules/backref",
    "preference": "Relationships",
    "fix": {
        "applicability": "safe",
        "message": "Write both sides with back_populates",
        "edits": [
            {
                "filename": "/project/app/models/post.py",
                "content": 'back_populates="posts"',
                "location": {"row": 14, "column": 35},
                "end_location": {"row": 14, "column": 50},
            },
            {
                "filename": "/project/app/models/user.py",
                "content": "    posts = relationship(...)\n",
                "location": {"row": 9, "column": 1},
                "end_location": {"row": 9, "column": 1},
            },
        ],
    },
}


def test_json_is_the_contract_to_the_order_of_the_keys(finding, report):
    written = json.loads(FORMATS["json"](report(finding(), problems=("x",))))
    assert json.dumps(written) == json.dumps([EXPECTED])


def test_a_finding_without_fix_has_null(finding, report):
    assert json.loads(FORMATS["json"](report(finding(fix=None)))) == [EXPECTED | {"fix": None}]


def test_nothing_found(report):
    assert FORMATS["json"](report()) == "[]\n"
    assert FORMATS["json-lines"](report()) == ""


def test_json_lines_are_the_same_objects(finding, report):
    lines = FORMATS["json-lines"](report(finding(), finding(message="two\nlines"))).splitlines()
    assert [json.loads(line) for line in lines] == [EXPECTED, EXPECTED | {"message": "two\nlines"}]


def test_any_text_survives_any_output_encoding(finding, report):
    message = "漢字 🙂 \x00 \u2028 \udc80"
    for name in ("json", "json-lines"):
        assert FORMATS[name](report(finding(message=message))).isascii()
    assert json.loads(FORMATS["json"](report(finding(message=message))))[0]["message"] == message
