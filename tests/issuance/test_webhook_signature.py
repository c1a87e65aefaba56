"""How notices to other programs are signed."""

from base64 import b64decode
from datetime import UTC, datetime

from node.issuance.webhooks.signature import headers, shown_secret

SECRET = b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
AT = datetime.fromtimestamp(1614265330, UTC)
BODY = b'{"test": 2432232314}'
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
EXPECTED = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_vector_of_the_libraries_of_standard_webhooks():
    """Of standard-webhooks/standard-webhooks, libraries/go/webhook_test.go."""
    said = headers([SECRET], MESSAGE, AT, BODY)
    assert said["webhook-signature"] == EXPECTED
    assert (said["webhook-id"], said["webhook-timestamp"]) == (MESSAGE, "1614265330")
    assert shown_secret(SECRET) == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_while_one_secret_replaces_another_both_sign():
    both = headers([b"new" * 8, SECRET], MESSAGE, AT, BODY)["webhook-signature"].split(" ")
    assert both[1] == EXPECTED
    assert both[0] != EXPECTED
    assert len(both) == 2
