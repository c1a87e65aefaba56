// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Digest, ITrustAnchor, ListId, NamespaceId } from "../src/ITrustAnchor.sol";
import { Vm, vm } from "./support/Vm.sol";
import { World } from "./support/World.sol";

/// @dev Heads only go forward. Rows 92, 104, 112.
contract HeadsTest is World {
    function testFuzz_aHeadTellsAllOfItself(bytes32 digest, uint64 version, uint256 until, bool isSealed) public {
        vm.assume(digest != 0 && version != 0);
        uint48 validUntil = isSealed ? ENDLESS : uint48(within(until, block.timestamp + 1, ENDLESS - 1));
        uint48 previous = uint48(block.number);
        later(0);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.HeadSet(space, LIST, Digest.wrap(digest), version, validUntil, isSealed, 0, previous);
        vm.prank(issuer);
        trust.setHead(space, LIST, Digest.wrap(digest), version, validUntil, isSealed);
        ITrustAnchor.Head memory head = trust.headOf(space, LIST);
        vm.assertEq(Digest.unwrap(head.digest), digest);
        vm.assertEq(head.version, version);
        vm.assertEq(head.time, block.timestamp);
        vm.assertEq(head.validUntil, validUntil);
        vm.assertEq(head.authority, 0);
        vm.assertEq(head.era, 0);
        vm.assertTrue(head.isSealed == isSealed);
    }

    function testFuzz_aHigherVersionReplacesALowerOne(uint64 first, uint64 second) public {
        first = uint64(within(first, 1, type(uint64).max - 1));
        second = uint64(within(second, uint256(first) + 1, type(uint64).max));
        set(first);
        set(second);
        vm.assertEq(trust.headOf(space, LIST).version, second);
    }

    function testFuzz_noVersionIsSetAgainOrFollowedByALowerOne(uint64 first, uint64 second) public {
        first = uint64(within(first, 1, type(uint64).max));
        second = uint64(within(second, 0, first));
        set(first);
        bytes32 before = keccak256(abi.encode(trust.headOf(space, LIST)));
        refuses(abi.encodeWithSelector(ITrustAnchor.VersionNotHigher.selector, second, first));
        set(second);
        vm.assertEq(keccak256(abi.encode(trust.headOf(space, LIST))), before);
    }

    function test_versionsBeginAtOne() public {
        refuses(abi.encodeWithSelector(ITrustAnchor.VersionNotHigher.selector, 0, 0));
        set(0);
    }

    function testFuzz_nothingFollowsASealedHead(uint64 version, bool again) public {
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, 1, ENDLESS, true);
        later(3650 days);
        refuses(abi.encodeWithSelector(ITrustAnchor.HeadSealed.selector, space, LIST));
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, version, again ? ENDLESS : uint48(block.timestamp + 1), again);
    }

    function test_aSealHasNoEndAndNothingElseIsEndless() public {
        uint48 tomorrow = uint48(block.timestamp + 1 days);
        vm.startPrank(issuer);
        refuses(abi.encodeWithSelector(ITrustAnchor.SealMismatch.selector, tomorrow));
        trust.setHead(space, LIST, DIGEST, 1, tomorrow, true);
        refuses(abi.encodeWithSelector(ITrustAnchor.SealMismatch.selector, ENDLESS));
        trust.setHead(space, LIST, DIGEST, 1, ENDLESS, false);
        vm.stopPrank();
    }

    function testFuzz_aHeadIsNotBornOldNorEndsBehindTheEnd(uint256 until, bool beyond) public {
        uint48 validUntil =
            uint48(beyond ? within(until, ENDLESS + 1, type(uint48).max) : within(until, 0, block.timestamp));
        refuses(abi.encodeWithSelector(ITrustAnchor.PeriodInvalid.selector, block.timestamp, validUntil));
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, 1, validUntil, false);
    }

    function test_aHeadLastsAtLeastASecond() public {
        uint48 now_ = uint48(block.timestamp);
        refuses(abi.encodeWithSelector(ITrustAnchor.PeriodInvalid.selector, now_, now_));
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, 1, now_, false);
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, 1, now_ + 1, false);
    }

    function test_zeroIsNoDigest() public {
        refuses(abi.encodeWithSelector(ITrustAnchor.ZeroHash.selector));
        vm.prank(issuer);
        trust.setHead(space, LIST, Digest.wrap(0), 1, ENDLESS, true);
    }

    function testFuzz_nobodyElseSetsAHead(uint256 theirKey) public {
        theirKey = within(theirKey, 1, CURVE_ORDER - 1);
        address attacker = vm.addr(theirKey);
        vm.assume(attacker != issuer);
        set(1);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, attacker));
        vm.prank(attacker);
        trust.setHead(space, LIST, DIGEST, 2, ENDLESS, true);
        uint256 deadline = soon();
        bytes memory own = signed(theirKey, headCall(DIGEST, 2, ENDLESS, true, deadline));
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        vm.prank(attacker);
        trust.setHeadFor(space, LIST, DIGEST, 2, ENDLESS, true, deadline, own);
        // A fresher head for the same list in a namespace of their own is theirs alone.
        NamespaceId theirs = trust.open(attacker, recovery, SALT);
        vm.prank(attacker);
        trust.setHead(theirs, LIST, DIGEST, 9, ENDLESS, true);
        vm.assertEq(trust.headOf(space, LIST).version, 1);
    }

    function test_aHeldHeadIsVoidOnceANewerOneStands() public {
        uint256 deadline = block.timestamp + 1 hours;
        uint48 until = uint48(block.timestamp + 1 days);
        bytes memory held = signed(ISSUER_KEY, headCall(DIGEST, 2, until, false, deadline));
        set(3);
        refuses(abi.encodeWithSelector(ITrustAnchor.VersionNotHigher.selector, 2, 3));
        vm.prank(relayer);
        trust.setHeadFor(space, LIST, DIGEST, 2, until, false, deadline, held);
    }

    function test_aRelayedHeadServesOnceAndEndsWithItsHour() public {
        uint256 deadline = soon();
        uint48 until = uint48(block.timestamp + 1 days);
        bytes memory signature = signed(ISSUER_KEY, headCall(DIGEST, 1, until, false, deadline));
        vm.prank(relayer);
        trust.setHeadFor(space, LIST, DIGEST, 1, until, false, deadline, signature);
        vm.assertEq(trust.headOf(space, LIST).version, 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.VersionNotHigher.selector, 1, 1));
        vm.prank(relayer);
        trust.setHeadFor(space, LIST, DIGEST, 1, until, false, deadline, signature);
        vm.warp(deadline + 1);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        vm.prank(relayer);
        trust.setHeadFor(space, LIST, DIGEST, 1, until, false, deadline, signature);
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, block.timestamp + 3601));
        trust.setHeadFor(space, LIST, DIGEST, 2, until, false, block.timestamp + 3601, signature);
    }

    /// @dev Each member of the signed call counts.
    function test_aSignedHeadIsForNothingElse() public {
        uint256 deadline = soon();
        uint48 until = uint48(block.timestamp + 1 days);
        bytes memory signature = signed(ISSUER_KEY, headCall(DIGEST, 2, until, false, deadline));
        bytes memory reason = abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer);
        NamespaceId other = trust.open(issuer, recovery, keccak256("other"));
        refuses(reason);
        trust.setHeadFor(other, LIST, DIGEST, 2, until, false, deadline, signature);
        refuses(reason);
        trust.setHeadFor(space, ListId.wrap(keccak256("other")), DIGEST, 2, until, false, deadline, signature);
        refuses(reason);
        trust.setHeadFor(space, LIST, Digest.wrap(keccak256("other")), 2, until, false, deadline, signature);
        refuses(reason);
        trust.setHeadFor(space, LIST, DIGEST, 3, until, false, deadline, signature);
        refuses(reason);
        trust.setHeadFor(space, LIST, DIGEST, 2, until + 1, false, deadline, signature);
        refuses(reason);
        trust.setHeadFor(space, LIST, DIGEST, 2, until, true, deadline, signature);
        refuses(reason);
        trust.setHeadFor(space, LIST, DIGEST, 2, until, false, deadline + 1, signature);
        trust.setHeadFor(space, LIST, DIGEST, 2, until, false, deadline, signature);
    }

    function set(uint64 version) private {
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, version, uint48(block.timestamp + 1 days), false);
    }
}
