// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Digest,
    ITrustAnchor,
    ListId,
    NamespaceId,
    RecoveryCommitment,
    Root,
    ScopeId,
    SubjectId
} from "../src/ITrustAnchor.sol";
import { vm } from "./support/Vm.sol";
import { World } from "./support/World.sol";

/// @dev The slots that verifiers compute, said here once more and apart from the compiler.
contract LayoutTest is World {
    function testFuzz_namespaces(bytes32 salt, uint8 rotations) public {
        space = trust.open(issuer, recovery, salt);
        for (uint256 i = 0; i < rotations % 4; ++i) {
            later(60);
            rotateTo(ISSUER_KEY, ISSUER_KEY);
        }
        recoverTo(ISSUER_KEY);
        ITrustAnchor.Acceptance memory consent = accepted(ISSUER_KEY);
        vm.prank(nextRecoveryKey);
        trust.requestRecovery(space, 2, issuer, recovery, NEXT_RECOVERY_SALT, consent);
        ITrustAnchor.Namespace memory n = trust.namespaceOf(space);
        uint256 base = uint256(below(NamespaceId.unwrap(space), 0));
        vm.assertEq(
            word(base),
            uint256(uint160(n.authority)) | uint256(n.lastBlock) << 160 | uint256(n.era) << 208 | uint256(n.authorities)
                << 224
        );
        vm.assertEq(word(base + 1), uint256(RecoveryCommitment.unwrap(nextRecovery)));
        vm.assertEq(
            word(base + 2), uint256(uint160(issuer)) | uint256(n.readyAt) << 160 | uint256(n.recoveryRequests) << 208
        );
        vm.assertEq(word(base + 3), uint256(RecoveryCommitment.unwrap(recovery)));
        vm.assertEq(n.era, 1);
        vm.assertEq(n.recoveryRequests, 2);
        for (uint32 i = 0; i < n.authorities; ++i) {
            ITrustAnchor.Authority memory a = trust.authorityOf(space, i);
            uint256 slot = uint256(below(bytes32(uint256(i)), uint256(below(NamespaceId.unwrap(space), 1))));
            vm.assertEq(
                word(slot), uint256(uint160(a.authority)) | uint256(a.sinceBlock) << 160 | uint256(a.sinceTime) << 208
            );
        }
        uint256 end = uint256(below(bytes32(uint256(n.authorities)), uint256(below(NamespaceId.unwrap(space), 1))));
        vm.assertEq(word(end), 0);
    }

    function testFuzz_anchors(bytes32 root) public {
        vm.assume(root != 0);
        uint256 slot = uint256(below(root, uint256(below(NamespaceId.unwrap(space), 2))));
        vm.assertEq(word(slot), 0);
        recoverTo(ISSUER_KEY);
        vm.prank(issuer);
        trust.anchor(space, Root.wrap(root));
        vm.assertEq(word(slot), block.number | block.timestamp << 48 | uint256(1) << 96 | uint256(1) << 128);
    }

    function testFuzz_heads(bytes32 listId, bytes32 digest, uint64 version, bool isSealed) public {
        vm.assume(digest != 0 && version != 0);
        uint48 until = isSealed ? ENDLESS : uint48(block.timestamp + 30 days);
        recoverTo(ISSUER_KEY);
        vm.prank(issuer);
        trust.setHead(space, ListId.wrap(listId), Digest.wrap(digest), version, until, isSealed);
        uint256 base = uint256(below(listId, uint256(below(NamespaceId.unwrap(space), 3))));
        vm.assertEq(word(base), uint256(digest));
        vm.assertEq(
            word(base + 1),
            uint256(version) | block.timestamp << 64 | uint256(until) << 112 | uint256(1) << 160 | uint256(1) << 192
                | uint256(isSealed ? 1 : 0) << 208
        );
    }

    function testFuzz_accreditations(bytes32 subject, bytes32 scope, bytes32 evidence, uint48 from, bool revoked)
        public
    {
        vm.assume(evidence != 0);
        from = uint48(within(from, 0, ENDLESS - 1));
        recoverTo(ISSUER_KEY);
        uint48 recorded = uint48(block.timestamp);
        vm.startPrank(issuer);
        trust.accredit(space, SubjectId.wrap(subject), ScopeId.wrap(scope), 0, 1, 2, DIGEST);
        trust.accredit(space, SubjectId.wrap(subject), ScopeId.wrap(scope), 1, from, ENDLESS, Digest.wrap(evidence));
        vm.stopPrank();
        if (revoked) {
            later(1 days);
            rotateTo(ISSUER_KEY, SUCCESSOR_KEY);
            vm.prank(successor);
            trust.revokeAccreditation(space, SubjectId.wrap(subject), ScopeId.wrap(scope), 1);
        }
        bytes32 line = below(scope, uint256(below(subject, uint256(below(NamespaceId.unwrap(space), 4)))));
        uint256 base = uint256(below(bytes32(uint256(1)), uint256(line)));
        uint256 expected = from | uint256(ENDLESS) << 48 | uint256(recorded) << 96 | uint256(1) << 192;
        if (revoked) expected |= block.timestamp << 144 | uint256(2) << 224;
        vm.assertEq(word(base), expected);
        vm.assertEq(word(base + 1), uint256(evidence));
        vm.assertEq(word(uint256(below(bytes32(uint256(2)), uint256(line)))), 0);
    }

    function below(bytes32 key, uint256 slot) private pure returns (bytes32) {
        return keccak256(bytes.concat(key, bytes32(slot)));
    }

    function word(uint256 slot) private view returns (uint256) {
        return uint256(vm.load(address(trust), bytes32(slot)));
    }
}
