"""SD-JWT: a signed set of claims of which its holder discloses some.

Spec: https://www.rfc-editor.org/rfc/rfc9901
"""
