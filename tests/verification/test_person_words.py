"""What is said of the person a document is about."""

from verification_support import HOLDER, ISSUER, VC, badge, judged

from node.verification.wording import wording


def test_a_supervised_assessment_is_said_of_the_person():
    document = badge(**{"@context": [VC]}, type=["VerifiableCredential"])
    document["credentialSubject"] = {
        "id": HOLDER.did,
        "name": "Sample Learner",
        "achievement": {"supervisionType": "supervised-onsite-identified"},
    }
    document["issuer"] = ISSUER.did
    said = wording(judged(ISSUER.sign(document, "eddsa-jcs-2022")), "pl").credentials[0]
    assert said.person == "Imię i nazwisko podał wystawca; tożsamość przy ocenie: sprawdzona na miejscu."
