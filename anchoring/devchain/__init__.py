"""The embedded chain: an EVM and its database in one folder, for trying everything out without anybody else's node."""
