"""SD-JWT VC: credentials whose type is a `vct`, judged by the same checks as any other.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""
