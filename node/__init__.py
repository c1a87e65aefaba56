"""The glejt node: what is claimed, how it is secured, and whether it may be relied on."""
