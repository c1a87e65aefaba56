"""What keeps something from being verified.

ExchangeError       exchange.{policy, challenge, domain, caller}    it was asked for in a way that cannot be answered
"""


class ExchangeError(Exception):
    """What was asked of a verifier makes no sense, whatever was handed over with it."""

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path
