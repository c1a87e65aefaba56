"""Bringing calls to an EVM chain: no crash, fee, reorganisation or other sender loses one or doubles one.

`machine` is the procedure; the ports are `endpoint` (a node of the chain), `store` (what has to outlive this process)
and `signing` (whoever pays for gas).
"""
