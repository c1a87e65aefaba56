"""What the type of an SD-JWT VC demands, where the issuer signed which text that is."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sd_jwt_support import HIDDEN, VCT, schemas, sd_jwt, sri, with_claims, without
from verification_support import AT, EVERYDAY, found, one

from node.verification.check import Outcome
from node.verification.material import Origin, ResourceCopy, VerificationMaterial
from node.verification.policy import Policy
from node.verification.report import Verdict


def typed(*texts, claims=None, hidden=HIDDEN, origin=Origin.FILE):
    """The report on a credential whose type, and those that it extends, are these texts at these addresses."""
    copies = tuple(ResourceCopy(url, text.encode(), origin, AT) for url, text in texts)
    subject = sd_jwt({**with_claims(**{"vct#integrity": sri(texts[0][1])}), **(claims or {})}, hidden)
    return one(subject, material=VerificationMaterial(resources=copies))


def text_of(vct=VCT, *claims, **members):
    return json.dumps({"vct": vct, "claims": list(claims), **members})


BASE = "https://credentials.example/base"


def extending(base_text, *claims, vct=VCT, **members):
    return text_of(vct, *claims, extends=BASE, **{"extends#integrity": sri(base_text)}, **members)


class TestTypeMetadata:
    def test_without_a_digest_it_is_not_looked_at(self):
        assert schemas(one(sd_jwt())) == ["schema.unpinned"]

    def test_offline_it_is_open(self):
        entry = one(sd_jwt(with_claims(**{"vct#integrity": sri("x")})))
        assert schemas(entry) == ["schema.absent"]
        assert entry.verdict is Verdict.ACCEPTED

    def test_a_policy_may_demand_it(self):
        policy = Policy("strict", EVERYDAY.requires, schema_required=True)
        assert one(sd_jwt(with_claims(**{"vct#integrity": sri("x")})), policy=policy).verdict is Verdict.CANNOT_TELL
        assert one(sd_jwt(), policy=policy).verdict is Verdict.CANNOT_TELL

    def test_a_type_that_is_no_address(self):
        assert schemas(one(sd_jwt(with_claims(vct="urn:example:type")))) == []

    def test_kept(self):
        text = text_of(
            VCT, {"path": ["given_name"], "mandatory": True, "sd": "always"}, {"path": ["vct"], "sd": "never"}
        )
        assert schemas(typed((VCT, text))) == ["schema.passed"]

    @pytest.mark.parametrize(
        "claim",
        [
            {"path": ["given_name"], "sd": "never"},
            {"path": ["address", "country"], "sd": "always"},
            {"path": ["grades", None], "sd": "always"},
            {"path": ["grades", 1], "sd": "never"},
            {"path": 5},
            {"path": []},
            {"path": [-1]},
            {"path": ["a"], "mandatory": "yes"},
            {"path": ["a"], "sd": "sometimes"},
            "claim",
        ],
    )
    def test_not_kept_or_not_to_be_read(self, claim):
        assert schemas(typed((VCT, text_of(VCT, claim)))) == ["schema.failed"]

    def test_what_is_mandatory_is_there_unless_it_may_be_hidden(self):
        text = text_of(VCT, {"path": ["nickname"], "mandatory": True})
        assert schemas(typed((VCT, text), hidden=())) == ["schema.failed"]
        subject = without(sd_jwt(with_claims(**{"vct#integrity": sri(text)})), "given_name")
        held = VerificationMaterial(resources=(ResourceCopy(VCT, text.encode(), Origin.FILE, AT),))
        assert schemas(one(subject, material=held)) == ["schema.passed"]

    def test_another_text_than_was_signed_for(self):
        subject = sd_jwt(with_claims(**{"vct#integrity": sri("another")}))
        held = VerificationMaterial(resources=(ResourceCopy(VCT, text_of().encode(), Origin.LIVE, AT),))
        assert schemas(one(subject, material=held)) == ["schema.differs"]

    def test_about_another_type(self):
        assert schemas(typed((VCT, text_of("https://credentials.example/other")))) == ["schema.failed"]

    def test_extended(self):
        base = text_of(BASE, {"path": ["given_name"], "mandatory": True})
        assert schemas(typed((VCT, extending(base)), (BASE, base))) == ["schema.passed", "schema.passed"]
        assert schemas(typed((VCT, extending(base)))) == ["schema.passed", "schema.absent"]
        strict = text_of(BASE, {"path": ["given_name"], "sd": "never"})
        assert schemas(typed((VCT, extending(strict)), (BASE, strict))) == ["schema.failed", "schema.passed"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [({"mandatory": True}, {"mandatory": False}), ({"sd": "never"}, {"sd": "always"}), ({"sd": "always"}, {})],
    )
    def test_what_is_extended_is_not_loosened(self, before, after):
        base = text_of(BASE, {"path": ["x"], **before})
        entry = typed((VCT, extending(base, {"path": ["x"], **after})), (BASE, base))
        assert "schema.failed" in schemas(entry)

    def test_one_that_extends_itself_is_refused_whatever_the_policy(self):
        looped = json.dumps({"vct": VCT, "extends": VCT})
        entry = typed((VCT, looped))
        assert found(entry, "structure") == (Outcome.FAILED, "schema.failed.circular")
        assert entry.verdict is Verdict.REJECTED

    def test_too_many(self):
        names = [VCT, *(f"https://credentials.example/{number}" for number in range(12))]
        texts, following = [], None
        for name in reversed(names):
            members = {"vct": name}
            if following:
                members |= {"extends": following[0], "extends#integrity": sri(following[1])}
            following = (name, json.dumps(members))
            texts.insert(0, following)
        assert typed(*texts).verdict is Verdict.REJECTED
        assert typed(*texts[5:], claims={"vct": texts[5][0]}).verdict is Verdict.ACCEPTED

    def test_a_schema_inside(self):
        good = text_of(VCT, schema={"type": "object", "required": ["given_name"]})
        bad = text_of(VCT, schema={"type": "object", "required": ["nickname"]})
        assert schemas(typed((VCT, good))) == ["schema.passed"]
        assert schemas(typed((VCT, bad))) == ["schema.failed"]
        assert schemas(typed((VCT, text_of(VCT, schema={"$ref": "https://evil.example"})))) == ["schema.unsupported"]

    @settings(max_examples=60, deadline=None)
    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-2, 3)
            | st.sampled_from(["given_name", "path", "always", VCT, BASE]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["path", "sd", "mandatory", "claims", "extends", "vct", "schema"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=10,
        )
    )
    def test_no_text_crashes_the_judge(self, content):
        entry = typed((VCT, json.dumps({"vct": VCT, "claims": content, "extends": content})), (BASE, "{}"))
        assert isinstance(entry.verdict, Verdict)
