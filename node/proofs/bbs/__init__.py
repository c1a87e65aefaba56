"""BBS signatures over BLS12-381 with SHA-256: one signature over many messages, of which any subset can be proven.

Spec: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-bbs-signatures
"""
