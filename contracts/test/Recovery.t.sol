// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ITrustAnchor, NamespaceId, RecoveryCommitment, Root } from "../src/ITrustAnchor.sol";
import { Vm, vm } from "./support/Vm.sol";
import { World } from "./support/World.sol";

/// @dev Loss does not freeze, theft is not for ever. Rows 94, 108.
contract RecoveryTest is World {
    function test_aLostAuthorityIsReplacedAfterTheDelay() public {
        uint48 opened = uint48(block.number);
        later(1 days);
        uint48 readyAt = uint48(block.timestamp + 7 days);
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.RecoveryRequested(space, 1, successor, readyAt, nextRecovery, opened);
        vm.prank(recoveryKey);
        trust.requestRecovery(space, 1, successor, nextRecovery, RECOVERY_SALT, consent);
        uint48 requested = uint48(block.number);
        vm.assertEq(trust.namespaceOf(space).authority, issuer);

        vm.roll(block.number + 1000);
        vm.warp(readyAt - 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.RecoveryNotReady.selector, readyAt));
        trust.completeRecovery(space);

        vm.warp(readyAt);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.AuthorityRecovered(space, 1, 1, successor, requested);
        vm.prank(relayer);
        trust.completeRecovery(space);

        ITrustAnchor.Namespace memory now_ = trust.namespaceOf(space);
        vm.assertEq(now_.authority, successor);
        vm.assertEq(now_.authorities, 2);
        vm.assertEq(now_.era, 1);
        vm.assertEq(RecoveryCommitment.unwrap(now_.recovery), RecoveryCommitment.unwrap(nextRecovery));
        vm.assertEq(now_.successor, address(0));
        vm.assertEq(now_.readyAt, 0);
        vm.assertEq(RecoveryCommitment.unwrap(now_.nextRecovery), 0);
        vm.assertEq(trust.authorityOf(space, 0).authority, issuer);
        vm.assertEq(trust.authorityOf(space, 1).sinceTime, readyAt);

        refuses(abi.encodeWithSelector(ITrustAnchor.NoRecoveryPending.selector, space));
        trust.completeRecovery(space);
    }

    /// @dev A thief of the authority can neither stop the recovery nor outrun it by rotating.
    function testFuzz_theftIsNotForEver(uint8 rotations) public {
        rotations = uint8(within(rotations, 0, 5));
        rotateTo(ISSUER_KEY, THIEF_KEY);
        uint48 sequence = requestRecoveryTo(SUCCESSOR_KEY);
        for (uint256 i = 0; i < rotations; ++i) {
            rotateTo(THIEF_KEY, THIEF_KEY);
        }
        refuses(abi.encodeWithSelector(ITrustAnchor.NotRecoveryKey.selector, space, thief));
        vm.prank(thief);
        trust.cancelRecovery(space, sequence, RECOVERY_SALT);
        later(7 days);
        trust.completeRecovery(space);
        vm.assertEq(trust.namespaceOf(space).authority, successor);
        vm.assertEq(trust.namespaceOf(space).authorities, 3 + rotations);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, thief));
        vm.prank(thief);
        trust.anchor(space, ROOT);
    }

    function testFuzz_onlyTheCommittedKeyRecovers(address sender, bytes32 salt) public {
        vm.assume(sender != recoveryKey || salt != RECOVERY_SALT);
        ITrustAnchor.Acceptance memory consent = accepted(THIEF_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotRecoveryKey.selector, space, sender));
        vm.prank(sender);
        trust.requestRecovery(space, 1, thief, nextRecovery, salt, consent);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotRecoveryKey.selector, space, sender));
        vm.prank(sender);
        trust.cancelRecovery(space, 1, salt);
    }

    function test_theKeyOfAnEraEndsWithIt() public {
        recoverTo(SUCCESSOR_KEY);
        ITrustAnchor.Acceptance memory consent = accepted(THIEF_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotRecoveryKey.selector, space, recoveryKey));
        vm.prank(recoveryKey);
        trust.requestRecovery(space, 2, thief, recovery, RECOVERY_SALT, consent);
        consent = accepted(ISSUER_KEY);
        vm.prank(nextRecoveryKey);
        trust.requestRecovery(space, 2, issuer, recovery, NEXT_RECOVERY_SALT, consent);
        later(7 days);
        trust.completeRecovery(space);
        vm.assertEq(trust.namespaceOf(space).authority, issuer);
        vm.assertEq(trust.namespaceOf(space).era, 2);
    }

    /// @dev Both hold a copy of the recovery key: the owner takes each request back, so the thief never gets in.
    function test_aStolenCopyOfTheRecoveryKeyIsHeldOff() public {
        for (uint256 i = 0; i < 3; ++i) {
            uint48 sequence = requestRecoveryTo(THIEF_KEY);
            later(6 days);
            vm.expectEmit(true, true, true, true, address(trust));
            emit ITrustAnchor.RecoveryCancelled(space, sequence, trust.namespaceOf(space).lastBlock);
            vm.prank(recoveryKey);
            trust.cancelRecovery(space, sequence, RECOVERY_SALT);
            later(2 days);
            refuses(abi.encodeWithSelector(ITrustAnchor.NoRecoveryPending.selector, space));
            trust.completeRecovery(space);
        }
        vm.assertEq(trust.namespaceOf(space).authority, issuer);
        vm.assertEq(RecoveryCommitment.unwrap(trust.namespaceOf(space).recovery), RecoveryCommitment.unwrap(recovery));
    }

    function test_aNewRequestStartsTheDelayAnew() public {
        requestRecoveryTo(THIEF_KEY);
        later(6 days);
        requestRecoveryTo(SUCCESSOR_KEY);
        later(2 days);
        refuses(abi.encodeWithSelector(ITrustAnchor.RecoveryNotReady.selector, block.timestamp + 5 days));
        trust.completeRecovery(space);
        later(5 days);
        trust.completeRecovery(space);
        vm.assertEq(trust.namespaceOf(space).authority, successor);
    }

    function test_aHeldRequestCannotBringBackWhatWasReplaced() public {
        uint256 deadline = soon();
        ITrustAnchor.Acceptance memory consent = accepted(THIEF_KEY);
        bytes memory held = signed(RECOVERY_KEY, requestCall(1, thief, nextRecovery, deadline));
        vm.prank(relayer);
        trust.requestRecoveryFor(space, 1, thief, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, held);
        requestRecoveryTo(SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceMismatch.selector, 1, 3));
        vm.prank(relayer);
        trust.requestRecoveryFor(space, 1, thief, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, held);
        vm.assertEq(trust.namespaceOf(space).successor, successor);
    }

    function test_aHeldCancellationHitsOnlyItsRequest() public {
        uint256 deadline = block.timestamp + 1 hours;
        requestRecoveryTo(SUCCESSOR_KEY);
        bytes memory held = signed(RECOVERY_KEY, cancelCall(1, deadline));
        vm.prank(relayer);
        trust.cancelRecoveryFor(space, 1, RECOVERY_SALT, recoveryKey, deadline, held);
        requestRecoveryTo(SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceMismatch.selector, 1, 2));
        vm.prank(relayer);
        trust.cancelRecoveryFor(space, 1, RECOVERY_SALT, recoveryKey, deadline, held);
        vm.assertTrue(trust.namespaceOf(space).readyAt != 0);
    }

    function testFuzz_heldWordsOfTheRecoveryKeyAreVoidAfterTheirHour(uint256 ahead, uint256 held) public {
        uint256 far = block.timestamp + within(ahead, 1 hours + 1, 3650 days);
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        bytes memory request = signed(RECOVERY_KEY, requestCall(1, successor, nextRecovery, far));
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, far));
        trust.requestRecoveryFor(space, 1, successor, nextRecovery, RECOVERY_SALT, consent, recoveryKey, far, request);
        requestRecoveryTo(SUCCESSOR_KEY);
        bytes memory cancel = signed(RECOVERY_KEY, cancelCall(1, far));
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, far));
        trust.cancelRecoveryFor(space, 1, RECOVERY_SALT, recoveryKey, far, cancel);

        uint256 deadline = block.timestamp + ahead % (1 hours + 1);
        request = signed(RECOVERY_KEY, requestCall(2, successor, nextRecovery, deadline));
        cancel = signed(RECOVERY_KEY, cancelCall(1, deadline));
        vm.warp(deadline + within(held, 1, 3650 days));
        consent = accepted(SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        trust.requestRecoveryFor(
            space, 2, successor, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, request
        );
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        trust.cancelRecoveryFor(space, 1, RECOVERY_SALT, recoveryKey, deadline, cancel);
    }

    /// @dev Each member of the signed request counts.
    function test_aSignedRequestIsForNothingElse() public {
        uint256 deadline = soon();
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        ITrustAnchor.Acceptance memory thiefs = accepted(THIEF_KEY);
        bytes memory s = signed(RECOVERY_KEY, requestCall(1, successor, nextRecovery, deadline));
        bytes memory reason = abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, recoveryKey);
        NamespaceId mine = space;
        NamespaceId sister = trust.open(issuer, recovery, keccak256("sister"));
        refuses(reason);
        trust.requestRecoveryFor(sister, 1, successor, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, s);
        refuses(reason);
        trust.requestRecoveryFor(mine, 2, successor, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, s);
        refuses(reason);
        trust.requestRecoveryFor(mine, 1, thief, nextRecovery, RECOVERY_SALT, thiefs, recoveryKey, deadline, s);
        refuses(reason);
        trust.requestRecoveryFor(mine, 1, successor, recovery, RECOVERY_SALT, consent, recoveryKey, deadline, s);
        refuses(reason);
        trust.requestRecoveryFor(mine, 1, successor, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline + 1, s);
        trust.requestRecoveryFor(mine, 1, successor, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, s);

        bytes memory c = signed(RECOVERY_KEY, cancelCall(1, deadline));
        refuses(reason);
        trust.cancelRecoveryFor(sister, 1, RECOVERY_SALT, recoveryKey, deadline, c);
        refuses(reason);
        trust.cancelRecoveryFor(mine, 2, RECOVERY_SALT, recoveryKey, deadline, c);
        refuses(reason);
        trust.cancelRecoveryFor(mine, 1, RECOVERY_SALT, recoveryKey, deadline + 1, c);
        trust.cancelRecoveryFor(mine, 1, RECOVERY_SALT, recoveryKey, deadline, c);
        refuses(abi.encodeWithSelector(ITrustAnchor.NoRecoveryPending.selector, mine));
        trust.cancelRecoveryFor(mine, 1, RECOVERY_SALT, recoveryKey, deadline, c);
    }

    /// @dev Knowing address and salt, which a first request shows to everybody, is not holding the key.
    function testFuzz_theSaltAloneOpensNothing(uint256 wrong) public {
        wrong = within(wrong, 1, CURVE_ORDER - 1);
        vm.assume(wrong != RECOVERY_KEY);
        uint256 deadline = soon();
        ITrustAnchor.Acceptance memory consent = accepted(THIEF_KEY);
        bytes memory forged = signed(wrong, requestCall(1, thief, nextRecovery, deadline));
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, recoveryKey));
        vm.prank(thief);
        trust.requestRecoveryFor(space, 1, thief, nextRecovery, RECOVERY_SALT, consent, recoveryKey, deadline, forged);
        // A key of the thief's own, rightly signed, is not the committed one.
        refuses(abi.encodeWithSelector(ITrustAnchor.NotRecoveryKey.selector, space, vm.addr(wrong)));
        vm.prank(thief);
        trust.requestRecoveryFor(
            space, 1, thief, nextRecovery, RECOVERY_SALT, consent, vm.addr(wrong), deadline, forged
        );

        requestRecoveryTo(SUCCESSOR_KEY);
        forged = signed(wrong, cancelCall(1, deadline));
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, recoveryKey));
        vm.prank(thief);
        trust.cancelRecoveryFor(space, 1, RECOVERY_SALT, recoveryKey, deadline, forged);
    }

    function test_theNewAuthorityHasToAgreeAndTheNextKeyToExist() public {
        ITrustAnchor.Acceptance memory others = acceptedBy(THIEF_KEY, successor, soon());
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, successor));
        vm.prank(recoveryKey);
        trust.requestRecovery(space, 1, successor, nextRecovery, RECOVERY_SALT, others);
        ITrustAnchor.Acceptance memory consent = accepted(SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.ZeroRecovery.selector));
        vm.prank(recoveryKey);
        trust.requestRecovery(space, 1, successor, RecoveryCommitment.wrap(0), RECOVERY_SALT, consent);
        refuses(abi.encodeWithSelector(ITrustAnchor.SequenceMismatch.selector, 2, 1));
        vm.prank(recoveryKey);
        trust.requestRecovery(space, 2, successor, nextRecovery, RECOVERY_SALT, consent);
    }

    /// @dev What a thief sealed or numbered to the end is set right in the next era.
    function test_aThiefsSealDoesNotOutliveTheRecovery() public {
        rotateTo(ISSUER_KEY, THIEF_KEY);
        vm.prank(thief);
        trust.setHead(space, LIST, DIGEST, type(uint64).max, ENDLESS, true);
        recoverTo(SUCCESSOR_KEY);
        uint48 until = uint48(block.timestamp + 1 days);
        vm.prank(successor);
        trust.setHead(space, LIST, DIGEST, 1, until, false);
        vm.assertEq(trust.headOf(space, LIST).version, 1);
        vm.assertEq(trust.headOf(space, LIST).era, 1);
        vm.assertFalse(trust.headOf(space, LIST).isSealed);
        vm.prank(successor);
        trust.setHead(space, LIST, DIGEST, 2, ENDLESS, true);
        refuses(abi.encodeWithSelector(ITrustAnchor.HeadSealed.selector, space, LIST));
        vm.prank(successor);
        trust.setHead(space, LIST, DIGEST, 3, ENDLESS, true);
    }

    /// @dev A rotation is no recovery: it opens no seal.
    function test_rotatingOpensNoSeal() public {
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, 1, ENDLESS, true);
        rotateTo(ISSUER_KEY, SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.HeadSealed.selector, space, LIST));
        vm.prank(successor);
        trust.setHead(space, LIST, DIGEST, 2, ENDLESS, true);
    }
}
