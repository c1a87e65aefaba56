// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ITrustAnchor, NamespaceId, RecoveryCommitment } from "../src/ITrustAnchor.sol";
import { Vm, vm } from "./support/Vm.sol";
import { World } from "./support/World.sol";

/// @dev Who may write: opening, and handing on. Rows 94, 107, 108.
contract NamespacesTest is World {
    function test_theIdCommitsToAuthorityRecoveryAndSalt() public view {
        bytes32 expected =
            keccak256(bytes.concat("glejt/namespace/v1", bytes20(issuer), RecoveryCommitment.unwrap(recovery), SALT));
        vm.assertEq(NamespaceId.unwrap(space), expected);
        bytes32 commitment = keccak256(bytes.concat("glejt/recovery/v1", bytes20(recoveryKey), RECOVERY_SALT));
        vm.assertEq(RecoveryCommitment.unwrap(recovery), commitment);
    }

    function testFuzz_anybodyMayOpenAndChangesNothingByDoingSoAgain(
        address sender,
        address authority,
        bytes32 key,
        bytes32 salt
    ) public {
        vm.assume(authority != address(0) && key != 0);
        RecoveryCommitment commitment = RecoveryCommitment.wrap(key);
        vm.prank(sender);
        NamespaceId opened = trust.open(authority, commitment, salt);
        bytes32 before = keccak256(abi.encode(trust.namespaceOf(opened), trust.authorityOf(opened, 0)));
        vm.assertEq(trust.namespaceOf(opened).authority, authority);

        later(1 days);
        vm.recordLogs();
        vm.prank(thief);
        vm.assertEq(NamespaceId.unwrap(trust.open(authority, commitment, salt)), NamespaceId.unwrap(opened));
        vm.assertEq(logsOf(), 0);
        vm.assertEq(keccak256(abi.encode(trust.namespaceOf(opened), trust.authorityOf(opened, 0))), before);
    }

    function testFuzz_anotherAuthorityRecoveryOrSaltIsAnotherNamespace(address authority, bytes32 key, bytes32 salt)
        public
        view
    {
        vm.assume(authority != issuer || key != RecoveryCommitment.unwrap(recovery) || salt != SALT);
        NamespaceId other = trust.namespaceId(authority, RecoveryCommitment.wrap(key), salt);
        vm.assertTrue(NamespaceId.unwrap(other) != NamespaceId.unwrap(space));
    }

    function test_openingIsToldOnce() public {
        NamespaceId other = trust.namespaceId(thief, recovery, SALT);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.NamespaceOpened(other, thief, recovery);
        trust.open(thief, recovery, SALT);
        vm.assertEq(trust.namespaceOf(other).lastBlock, block.number);
    }

    function test_openingAgainDoesNotUndoARotation() public {
        rotateTo(ISSUER_KEY, SUCCESSOR_KEY);
        trust.open(issuer, recovery, SALT);
        vm.assertEq(trust.namespaceOf(space).authority, successor);
        vm.assertEq(trust.namespaceOf(space).authorities, 2);
    }

    function test_nobodyIsNoAuthority() public {
        refuses(abi.encodeWithSelector(ITrustAnchor.ZeroAuthority.selector));
        trust.open(address(0), recovery, SALT);
        refuses(abi.encodeWithSelector(ITrustAnchor.ZeroRecovery.selector));
        trust.open(issuer, RecoveryCommitment.wrap(0), SALT);
    }

    function test_theAuthorityNamesItsSuccessor() public {
        uint48 opened = uint48(block.number);
        later(1 days);
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.AuthorityRotated(space, 1, successor, opened);
        vm.prank(issuer);
        trust.rotate(space, 1, successor, consent);

        ITrustAnchor.Namespace memory now_ = trust.namespaceOf(space);
        vm.assertEq(now_.authority, successor);
        vm.assertEq(now_.authorities, 2);
        vm.assertEq(now_.lastBlock, block.number);
        vm.assertEq(now_.era, 0);
        ITrustAnchor.Authority memory first = trust.authorityOf(space, 0);
        vm.assertEq(first.authority, issuer);
        vm.assertEq(first.sinceBlock, opened);
        ITrustAnchor.Authority memory second = trust.authorityOf(space, 1);
        vm.assertEq(second.authority, successor);
        vm.assertEq(second.sinceBlock, block.number);
        vm.assertEq(second.sinceTime, block.timestamp);

        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, issuer));
        vm.prank(issuer);
        trust.anchor(space, ROOT);
        vm.prank(successor);
        trust.anchor(space, ROOT);
        vm.assertEq(trust.anchorOf(space, ROOT).authority, 1);
    }

    function testFuzz_nobodyElseNamesOne(address sender) public {
        vm.assume(sender != issuer);
        ITrustAnchor.Acceptance memory consent = accepted(THIEF_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, sender));
        vm.prank(sender);
        trust.rotate(space, 1, thief, consent);
    }

    function test_theSuccessorHasToAgree() public {
        ITrustAnchor.Acceptance memory others = acceptedBy(THIEF_KEY, successor, soon());
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, successor));
        vm.prank(issuer);
        trust.rotate(space, 1, successor, others);

        ITrustAnchor.Acceptance memory nobody = acceptedBy(THIEF_KEY, address(0), soon());
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, address(0)));
        vm.prank(issuer);
        trust.rotate(space, 1, address(0), nobody);
    }

    function test_consentIsForThisNamespaceAndAnHour() public {
        NamespaceId mine = space;
        space = trust.open(issuer, recovery, keccak256("another"));
        ITrustAnchor.Acceptance memory elsewhere = accepted(SUCCESSOR_KEY);
        space = mine;
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, successor));
        vm.prank(issuer);
        trust.rotate(space, 1, successor, elsewhere);

        ITrustAnchor.Acceptance memory far = acceptedBy(SUCCESSOR_KEY, successor, block.timestamp + 1 hours + 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, far.deadline));
        vm.prank(issuer);
        trust.rotate(space, 1, successor, far);

        ITrustAnchor.Acceptance memory old = accepted(SUCCESSOR_KEY);
        vm.warp(old.deadline + 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, old.deadline));
        vm.prank(issuer);
        trust.rotate(space, 1, successor, old);
    }

    function test_aRelayedRotationServesOnce() public {
        uint256 deadline = soon();
        bytes memory there = signed(ISSUER_KEY, rotateCall(1, successor, deadline));
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        vm.prank(relayer);
        trust.rotateFor(space, 1, successor, consent, deadline, there);
        vm.assertEq(trust.namespaceOf(space).authority, successor);

        rotateTo(SUCCESSOR_KEY, ISSUER_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceMismatch.selector, 1, 3));
        vm.prank(relayer);
        trust.rotateFor(space, 1, successor, consent, deadline, there);
        vm.assertEq(trust.namespaceOf(space).authority, issuer);
    }

    function testFuzz_aHeldRotationIsVoidAfterItsHour(uint256 ahead, uint256 held) public {
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        uint256 far = block.timestamp + within(ahead, 1 hours + 1, 3650 days);
        bytes memory signature = signed(ISSUER_KEY, rotateCall(1, successor, far));
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, far));
        trust.rotateFor(space, 1, successor, consent, far, signature);

        uint256 deadline = block.timestamp + ahead % (1 hours + 1);
        signature = signed(ISSUER_KEY, rotateCall(1, successor, deadline));
        vm.warp(deadline + within(held, 1, 3650 days));
        consent = accepted(SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        trust.rotateFor(space, 1, successor, consent, deadline, signature);
    }

    function test_aDeadlineHoldsToTheSecond() public {
        uint256 deadline = block.timestamp + 1 hours;
        bytes memory signature = signed(ISSUER_KEY, rotateCall(1, successor, deadline));
        ITrustAnchor.Acceptance memory consent = acceptedBy(SUCCESSOR_KEY, successor, deadline);
        vm.warp(deadline);
        trust.rotateFor(space, 1, successor, consent, deadline, signature);
        vm.assertEq(trust.namespaceOf(space).authority, successor);
    }

    function test_theNumberOfAnEntryIsTheNextOne() public {
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceMismatch.selector, 2, 1));
        vm.prank(issuer);
        trust.rotate(space, 2, successor, consent);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceMismatch.selector, 0, 1));
        vm.prank(issuer);
        trust.rotate(space, 0, successor, consent);
    }

    function testFuzz_noNamespaceNoWrites(bytes32 id) public {
        NamespaceId unknown = NamespaceId.wrap(id);
        vm.assume(id != NamespaceId.unwrap(space));
        ITrustAnchor.Acceptance memory consent = accepted(THIEF_KEY);
        bytes memory reason = abi.encodeWithSelector(ITrustAnchor.NamespaceUnknown.selector, unknown);
        vm.startPrank(thief);
        refuses(reason);
        trust.anchor(unknown, ROOT);
        refuses(reason);
        trust.anchorFor(unknown, ROOT, block.timestamp, "");
        refuses(reason);
        trust.setHead(unknown, LIST, DIGEST, 1, ENDLESS, true);
        refuses(reason);
        trust.accredit(unknown, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST);
        refuses(reason);
        trust.rotate(unknown, 0, thief, consent);
        refuses(reason);
        trust.requestRecovery(unknown, 1, thief, recovery, RECOVERY_SALT, consent);
        refuses(abi.encodeWithSelector(ITrustAnchor.NoRecoveryPending.selector, unknown));
        trust.completeRecovery(unknown);
        vm.stopPrank();
    }
}
