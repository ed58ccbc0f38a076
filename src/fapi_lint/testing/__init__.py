"""For authors of rules: an application as a dict of files, its findings, its fixes.

found = findings({"app/models/user.py": "..."}, "FAPI207")
after = fixed({"app/models/user.py": "..."}, "FAPI207", unsafe=True)
"""

from fapi_lint.testing.harness import Found, application, check_examples, findings, fixed

__all__ = ["Found", "application", "check_examples", "findings", "fixed"]
