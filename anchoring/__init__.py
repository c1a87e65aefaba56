"""From 32 bytes to a receipt that anyone can check; knows no JSON, no credential and no DID."""
