"""Open Badges 2.0 and 2.1, and what is left of 1.x: assertions, badge classes and profiles, as they were received.

They are no Verifiable Credentials. Their members are read by the names that the specification gives them; contexts are
neither fetched nor processed.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html
"""
