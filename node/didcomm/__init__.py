"""How parties talk: DIDComm messages, what protects them on their way, and the way itself.

Nothing here sends, receives, resolves or keeps anything: secrets and documents are handed in, bytes and messages come
out.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/
"""
