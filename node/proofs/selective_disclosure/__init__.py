"""Proofs of which a holder derives others that show less: what ecdsa-sd-2023 and bbs-2023 share, and each of them.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#selective-disclosure-functions, https://www.w3.org/TR/vc-di-bbs/
"""
