// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ITrustAnchor, NamespaceId, Root } from "../src/ITrustAnchor.sol";
import { Vm, vm } from "./support/Vm.sol";
import { World } from "./support/World.sol";

/// @dev Anchors are written once, by the authority alone. Rows 92, 94, 107, 112.
contract AnchorsTest is World {
    function testFuzz_anAnchorTellsBlockTimeAndAuthority(bytes32 root, uint32 seconds_) public {
        vm.assume(root != 0);
        uint48 previous = uint48(block.number);
        later(seconds_);
        vm.expectEmit(true, true, true, true, address(trust));
        emit ITrustAnchor.Anchored(space, Root.wrap(root), 0, previous);
        vm.prank(issuer);
        trust.anchor(space, Root.wrap(root));
        ITrustAnchor.Anchor memory found = trust.anchorOf(space, Root.wrap(root));
        vm.assertEq(found.blockNumber, block.number);
        vm.assertEq(found.time, block.timestamp);
        vm.assertEq(found.authority, 0);
        vm.assertEq(found.era, 0);
        vm.assertEq(trust.namespaceOf(space).lastBlock, block.number);
    }

    function testFuzz_aRepeatChangesAndEmitsNothing(bytes32 root, uint32 seconds_, bool relayed) public {
        vm.assume(root != 0);
        vm.prank(issuer);
        trust.anchor(space, Root.wrap(root));
        bytes32 before = state(Root.wrap(root));
        later(seconds_);
        uint256 deadline = soon();
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, Root.wrap(root), deadline));
        vm.recordLogs();
        vm.prank(relayed ? relayer : issuer);
        if (relayed) trust.anchorFor(space, Root.wrap(root), deadline, signature);
        else trust.anchor(space, Root.wrap(root));
        vm.assertEq(logsOf(), 0);
        vm.assertEq(state(Root.wrap(root)), before);
    }

    /// @dev Whatever strangers do first, between and after: (namespace, root) gets the time at which its issuer wrote it.
    function testFuzz_strangersNeitherChangeTheTimeNorBlockTheIssuer(
        uint256 theirKey,
        bytes32 root,
        uint8 before,
        uint8 afterwards
    ) public {
        theirKey = within(theirKey, 1, CURVE_ORDER - 1);
        vm.assume(root != 0 && theirKey != ISSUER_KEY);
        NamespaceId theirs = trust.open(vm.addr(theirKey), recovery, SALT);
        for (uint256 i = 0; i < before % 4; ++i) {
            attack(theirKey, theirs, Root.wrap(root));
        }
        vm.prank(issuer);
        trust.anchor(space, Root.wrap(root));
        uint48 time = uint48(block.timestamp);
        for (uint256 i = 0; i < afterwards % 4; ++i) {
            attack(theirKey, theirs, Root.wrap(root));
        }
        vm.assertEq(trust.anchorOf(space, Root.wrap(root)).time, time);
        vm.assertEq(trust.anchorOf(space, Root.wrap(root)).authority, 0);
    }

    function attack(uint256 key, NamespaceId theirs, Root root) private {
        later(60);
        address attacker = vm.addr(key);
        vm.startPrank(attacker);
        trust.anchor(theirs, root);
        refuses(abi.encodeWithSelector(ITrustAnchor.NotAuthority.selector, space, attacker));
        trust.anchor(space, root);
        uint256 deadline = soon();
        bytes memory own = signed(key, anchorCall(space, root, deadline));
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        trust.anchorFor(space, root, deadline, own);
        trust.open(issuer, recovery, SALT);
        vm.stopPrank();
    }

    function test_zeroIsNoRoot() public {
        refuses(abi.encodeWithSelector(ITrustAnchor.ZeroHash.selector));
        vm.prank(issuer);
        trust.anchor(space, Root.wrap(0));
    }

    function testFuzz_anybodyMayBringASignedAnchor(address bearer, bytes32 root) public {
        vm.assume(root != 0);
        uint256 deadline = soon();
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, Root.wrap(root), deadline));
        vm.prank(bearer);
        trust.anchorFor(space, Root.wrap(root), deadline, signature);
        vm.assertEq(trust.anchorOf(space, Root.wrap(root)).time, block.timestamp);
    }

    /// @dev The signature is for this namespace, root, deadline, contract and chain.
    function testFuzz_aSignedAnchorIsForNothingElse(bytes32 root, uint8 part, uint256 other) public {
        vm.assume(root != 0);
        uint256 deadline = soon();
        NamespaceId namespace = space;
        bytes32 call = anchorCall(namespace, Root.wrap(root), deadline);
        bytes32 digest = digestOf(call);
        part = uint8(within(part, 0, 4));
        if (part == 0) {
            vm.assume(other != 0 && bytes32(other) != root);
            root = bytes32(other);
        } else if (part == 1) {
            other = within(other, block.timestamp, block.timestamp + 1 hours);
            vm.assume(other != deadline);
            deadline = other;
        } else if (part == 2) {
            namespace = trust.open(issuer, recovery, bytes32(other));
            vm.assume(NamespaceId.unwrap(namespace) != NamespaceId.unwrap(space));
        } else if (part == 3) {
            digest = digestOf(call, block.chainid, address(deploy()));
        } else {
            vm.assume(other != block.chainid);
            digest = digestOf(call, other, address(trust));
        }
        bytes memory signature = packed(ISSUER_KEY, digest);
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, issuer));
        vm.prank(relayer);
        trust.anchorFor(namespace, Root.wrap(root), deadline, signature);
    }

    function testFuzz_aHeldAnchorIsVoidAfterItsDeadline(uint256 wait, uint256 held) public {
        uint256 deadline = block.timestamp + within(wait, 0, 1 hours);
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, ROOT, deadline));
        vm.warp(deadline + within(held, 1, 3650 days));
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlinePassed.selector, deadline));
        vm.prank(relayer);
        trust.anchorFor(space, ROOT, deadline, signature);
    }

    function testFuzz_aDeadlineIsAtMostAnHourAhead(uint256 ahead) public {
        uint256 deadline = block.timestamp + within(ahead, 1 hours + 1, type(uint256).max - block.timestamp);
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, ROOT, deadline));
        refuses(abi.encodeWithSelector(ITrustAnchor.DeadlineTooFar.selector, deadline));
        vm.prank(relayer);
        trust.anchorFor(space, ROOT, deadline, signature);
    }

    /// @dev Within its hour a held anchor lands with the block's time, never with an earlier one.
    function testFuzz_theTimeThatCountsIsTheBlocks(uint256 held) public {
        uint256 deadline = block.timestamp + 1 hours;
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, ROOT, deadline));
        vm.warp(block.timestamp + within(held, 0, 1 hours));
        vm.prank(relayer);
        trust.anchorFor(space, ROOT, deadline, signature);
        vm.assertEq(trust.anchorOf(space, ROOT).time, block.timestamp);
    }

    function test_aCallSignedBeforeTheAuthorityWentIsVoid() public {
        uint256 deadline = soon();
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, ROOT, deadline));
        rotateTo(ISSUER_KEY, SUCCESSOR_KEY);
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, successor));
        vm.prank(relayer);
        trust.anchorFor(space, ROOT, deadline, signature);
    }

    function test_theEventsOfANamespaceAreAChain() public {
        uint48[4] memory blocks;
        for (uint256 i = 0; i < 4; ++i) {
            later(100 * (i + 1));
            blocks[i] = uint48(block.number);
            if (i != 0) {
                vm.expectEmit(true, true, true, true, address(trust));
                emit ITrustAnchor.Anchored(space, Root.wrap(bytes32(i + 1)), 0, blocks[i - 1]);
            }
            vm.prank(issuer);
            trust.anchor(space, Root.wrap(bytes32(i + 1)));
            // Another namespace's events lie beside the chain.
            NamespaceId theirs = trust.open(thief, recovery, SALT);
            vm.prank(thief);
            trust.anchor(theirs, Root.wrap(bytes32(i + 1)));
        }
        vm.assertEq(trust.namespaceOf(space).lastBlock, blocks[3]);
    }

    function state(Root root) private view returns (bytes32) {
        return keccak256(abi.encode(trust.namespaceOf(space), trust.anchorOf(space, root)));
    }
}
