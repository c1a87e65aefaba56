"""The node in conversations over DIDComm: as issuer, verifier and mediator, with whoever took up an invitation."""
