"""JSON Web Signatures: compact ones only, read strictly, under algorithms that each caller names.

Spec: https://www.rfc-editor.org/rfc/rfc7515, https://www.rfc-editor.org/rfc/rfc8725
"""
