"""What keeps a holder from showing something.

WalletError     wallet.form       nothing can be chosen of a document in this form
                wallet.derived    it was derived for somebody else already
                wallet.request    a request cannot be read, or asks for what is not there
                wallet.subject    it is about somebody else than the one who would show it
                wallet.key        this kind of key shows nothing
                wallet.rejected   nobody would accept what would be shown

What selection and proofs refuse is told by `node.proofs`; its errors pass on.
"""


class WalletError(Exception):
    """Nothing was shown, and nothing was derived."""

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path
