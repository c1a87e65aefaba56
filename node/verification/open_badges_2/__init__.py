"""Open Badges 2: hosted ones, whose truth is what their issuer publishes today, and signed ones.

Gathering and judging follow the same way through the linked objects: from the assertion to its badge class, to the
profile of the issuer, to keys and lists.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#implementation-verification
"""
