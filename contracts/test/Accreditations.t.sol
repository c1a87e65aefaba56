// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Digest, ITrustAnchor, NamespaceId, ScopeId, SubjectId } from "../src/ITrustAnchor.sol";
import { Vm, vm } from "./support/Vm.sol";
import { World } from "./support/World.sol";

/// @dev Accreditations are added and withdrawn, never rewritten. Rows 92, 94, 112.
contract AccreditationsTest is World {
    function testFuzz_anAccreditationTellsAllOfItself(uint48 from, uint48 until, bytes32 evidence) public {
        vm.assume(evidence != 0);
        until = uint48(within(until, 1, ENDLESS));
        from = uint48(within(from, 0, until - 1));
        uint48 previous = uint48(block.number);
        later(0);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.Accredited(space, SUBJECT, SCOPE, 0, from, until, Digest.wrap(evidence), previous);
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 0, from, until, Digest.wrap(evidence));
        ITrustAnchor.Accreditation memory found = trust.accreditationOf(space, SUBJECT, SCOPE, 0);
        vm.assertEq(found.validFrom, from);
        vm.assertEq(found.validUntil, until);
        vm.assertEq(found.recordedAt, block.timestamp);
        vm.assertEq(found.revokedAt, 0);
        vm.assertEq(found.authority, 0);
        vm.assertEq(Digest.unwrap(found.evidence), evidence);
    }

    function testFuzz_aLineHasNoGapsAndNothingInItIsRewritten(uint8 count, uint32 wrong) public {
        count = uint8(within(count, 1, 6));
        for (uint32 i = 0; i < count; ++i) {
            grant(i);
            later(60);
        }
        bytes32 before = line(count);
        if (wrong < count) refuses(abi.encodeWithSelector(ITrustAnchor.SequenceTaken.selector, wrong));
        else if (wrong > count) refuses(abi.encodeWithSelector(ITrustAnchor.SequenceSkipped.selector, wrong));
        grant(wrong);
        vm.assertEq(line(count), before);
    }

    function testFuzz_aPeriodHasTwoEnds(uint48 from, uint48 until) public {
        vm.assume(from >= until || until > ENDLESS);
        refuses(abi.encodeWithSelector(ITrustAnchor.PeriodInvalid.selector, from, until));
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 0, from, until, DIGEST);
    }

    function test_aPeriodOfNoLengthIsNone() public {
        refuses(abi.encodeWithSelector(ITrustAnchor.PeriodInvalid.selector, 5, 5));
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 0, 5, 5, DIGEST);
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 0, ENDLESS - 1, ENDLESS, DIGEST);
        refuses(abi.encodeWithSelector(ITrustAnchor.PeriodInvalid.selector, 5, ENDLESS + 1));
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 1, 5, ENDLESS + 1, DIGEST);
    }

    function test_zeroIsNoEvidence() public {
        refuses(abi.encodeWithSelector(ITrustAnchor.ZeroHash.selector));
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 0, 1, ENDLESS, Digest.wrap(0));
    }

    function testFuzz_theFirstWithdrawalCounts(uint32 first, uint32 second, bool relayed) public {
        grant(0);
        later(first);
        uint48 previous = trust.namespaceOf(space).lastBlock;
        rotateTo(ISSUER_KEY, SUCCESSOR_KEY);
        previous = trust.namespaceOf(space).lastBlock;
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.AccreditationRevoked(space, SUBJECT, SCOPE, 0, previous);
        vm.prank(successor);
        trust.revokeAccreditation(space, SUBJECT, SCOPE, 0);
        ITrustAnchor.Accreditation memory found = trust.accreditationOf(space, SUBJECT, SCOPE, 0);
        vm.assertEq(found.revokedAt, block.timestamp);
        vm.assertEq(found.revokedBy, 1);
        vm.assertEq(found.authority, 0);

        bytes32 before = keccak256(abi.encode(found, trust.namespaceOf(space)));
        later(second);
        bytes memory signature = signed(SUCCESSOR_KEY, revokeCall(0, type(uint256).max));
        vm.recordLogs();
        vm.prank(relayed ? relayer : successor);
        if (relayed) trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, type(uint256).max, signature);
        else trust.revokeAccreditation(space, SUBJECT, SCOPE, 0);
        vm.assertEq(logsOf(), 0);
        found = trust.accreditationOf(space, SUBJECT, SCOPE, 0);
        vm.assertEq(keccak256(abi.encode(found, trust.namespaceOf(space))), before);
    }

    function testFuzz_onlyWhatWasWrittenIsWithdrawn(uint32 sequence) public {
        vm.assume(sequence != 0);
        grant(0);
        refuses(abi.encodeWithSelector(ITrustAnchor.AccreditationUnknown.selector, space, SUBJECT, SCOPE, sequence));
        vm.prank(issuer);
        trust.revokeAccreditation(space, SUBJECT, SCOPE, sequence);
    }

    function test_whatWasWithdrawnIsGrantedAnewBesideIt() public {
        grant(0);
        vm.prank(issuer);
        trust.revokeAccreditation(space, SUBJECT, SCOPE, 0);
        uint48 withdrawn = uint48(block.timestamp);
        later(1 days);
        grant(1);
        vm.assertEq(trust.accreditationOf(space, SUBJECT, SCOPE, 0).revokedAt, withdrawn);
        vm.assertEq(trust.accreditationOf(space, SUBJECT, SCOPE, 1).revokedAt, 0);
    }

    /// @dev Unlike the other calls: withheld for years, it still lands, and lands once.
    function testFuzz_aHeldRevocationStillLands(uint32 held) public {
        grant(0);
        bytes memory signature = signed(ISSUER_KEY, revokeCall(0, type(uint256).max));
        later(held);
        vm.prank(relayer);
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, type(uint256).max, signature);
        uint48 withdrawn = uint48(block.timestamp);
        vm.assertEq(trust.accreditationOf(space, SUBJECT, SCOPE, 0).revokedAt, withdrawn);
        later(held);
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, type(uint256).max, signature);
        vm.assertEq(trust.accreditationOf(space, SUBJECT, SCOPE, 0).revokedAt, withdrawn);
    }

    function test_aRevocationWithAnEndIsVoidAfterIt() public {
        grant(0);
        uint256 deadline = block.timestamp + 30 days;
        bytes memory signature = signed(ISSUER_KEY, revokeCall(0, deadline));
        vm.warp(deadline + 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        vm.prank(relayer);
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, deadline, signature);
    }

    function testFuzz_nobodyElseAccreditsOrWithdraws(uint256 theirKey) public {
        theirKey = within(theirKey, 1, CURVE_ORDER - 1);
        address attacker = vm.addr(theirKey);
        vm.assume(attacker != issuer);
        grant(0);
        bytes32 before = line(2);
        uint256 deadline = soon();
        bytes memory grants = signed(theirKey, accreditCall(1, 1, ENDLESS, deadline));
        bytes memory revokes = signed(theirKey, revokeCall(0, deadline));
        vm.startPrank(attacker);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, attacker));
        trust.accredit(space, SUBJECT, SCOPE, 1, 1, ENDLESS, DIGEST);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, attacker));
        trust.revokeAccreditation(space, SUBJECT, SCOPE, 0);
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        trust.accreditFor(space, SUBJECT, SCOPE, 1, 1, ENDLESS, DIGEST, deadline, grants);
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, deadline, revokes);
        vm.stopPrank();
        vm.assertEq(line(2), before);
    }

    function test_aRelayedAccreditationServesOnceAndForNothingElse() public {
        uint256 deadline = soon();
        bytes memory signature = signed(ISSUER_KEY, accreditCall(0, 1, ENDLESS, deadline));
        bytes memory reason = abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer);
        bytes32 other = keccak256("other");
        vm.startPrank(relayer);
        NamespaceId sister = trust.open(issuer, recovery, other);
        refuses(reason);
        trust.accreditFor(sister, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SubjectId.wrap(other), SCOPE, 0, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SUBJECT, ScopeId.wrap(other), 0, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SUBJECT, SCOPE, 1, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 2, ENDLESS, DIGEST, deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS - 1, DIGEST, deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS, Digest.wrap(other), deadline, signature);
        refuses(reason);
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST, deadline + 1, signature);
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceTaken.selector, 0));
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(reason);
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, deadline, signature);
        vm.warp(deadline + 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST, deadline, signature);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, block.timestamp + 3601));
        trust.accreditFor(space, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST, block.timestamp + 3601, signature);
        vm.stopPrank();
    }

    function test_aRevocationIsForOneAccreditation() public {
        grant(0);
        grant(1);
        uint256 deadline = soon();
        bytes memory signature = signed(ISSUER_KEY, revokeCall(0, deadline));
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        vm.prank(relayer);
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 1, deadline, signature);
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 0, deadline + 1, signature);
    }

    function grant(uint32 sequence) private {
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, sequence, uint48(block.timestamp), ENDLESS, DIGEST);
    }

    function line(uint32 count) private view returns (bytes32 sum) {
        for (uint32 i = 0; i < count; ++i) {
            sum = keccak256(abi.encode(sum, trust.accreditationOf(space, SUBJECT, SCOPE, i)));
        }
    }
}
