"""Check 10: the class of the document, computed from what it states.

The rules are not built yet, so no class is computed, and none is claimed.
"""

from node.verification.check import Check, CheckName, Outcome


def check_class() -> Check:
    """Not computed."""
    return Check(
        CheckName.CLASS,
        Outcome.INDETERMINATE,
        "class.not_computed",
        "The class of the document was not computed: this version has no rules for it.",
    )
