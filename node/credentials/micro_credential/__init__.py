"""What kind of document a credential is: class and score by public, versioned rules, from the document alone.

A reader turns the document, whatever its dialect, into one record; the rules see only the record. Nothing here knows a
network, a clock or whom a verifier trusts: who vouches for the statements, and whether they are true, is asked
elsewhere.

Spec: https://eur-lex.europa.eu/eli/C/2022/243/2, Annex I
"""
