"""What keeps a holder from showing or taking something.

WalletError     wallet.form       nothing can be chosen of a document in this form
                wallet.derived    it was derived for somebody else already
                wallet.request    a request cannot be read, or asks for what is not there
                wallet.subject    it is about somebody else than the one who would show it
                wallet.key        this kind of key shows nothing
                wallet.rejected   nobody would accept what would be shown
                wallet.goal       an invitation is for something else than was wanted
                wallet.relayed    a request is signed for another place than it comes from
                wallet.problem    the other side reports a problem, and the exchange is over
                wallet.waiting    no answer has come yet; what was sent is kept and sent again
                wallet.refused    a credential is not what was offered, or does not hold
                wallet.unverified whether a credential holds cannot be told now
                wallet.none       nothing that is held satisfies a request
                wallet.unknown    there is no such credential
                wallet.{absent, exists, altered, damaged, version, in_use, full, unreadable, unwritable}
                                  the wallet itself

What selection and proofs refuse is told by `node.proofs`; its errors pass on.
"""


class WalletError(Exception):
    """Nothing was shown, taken or derived."""

    def __init__(self, message: str, *, code: str, remedy: str, path: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.remedy = remedy
        self.path = path
