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
} from "../../src/ITrustAnchor.sol";
import { vm } from "./Vm.sol";
import { World } from "./World.sol";

/// @dev Two namespaces, four people and two recovery keys that do whatever comes to them, in any order, beside a model
/// that says of each attempt whether it may succeed and what is true afterwards.
contract Story is World {
    struct Space {
        NamespaceId id;
        uint256 authorityKey;
        uint256 recoveryKey;
        uint256 era;
        uint256 lastBlock;
        bool pending;
        uint256 successorKey;
        uint256 nextRecoveryKey;
        uint256 readyAt;
        uint256 requests;
    }

    uint256 private constant PEOPLE = 4;
    uint256 private constant MAX_UINT64 = type(uint64).max;
    uint256[PEOPLE] private people = [ISSUER_KEY, SUCCESSOR_KEY, THIEF_KEY, uint256(0x57A6)];
    uint256[2] private guardians = [RECOVERY_KEY, NEXT_RECOVERY_KEY];

    Space[2] private spaces;
    mapping(uint256 space => ITrustAnchor.Authority[]) private history;
    mapping(uint256 space => mapping(uint256 root => ITrustAnchor.Anchor)) private anchors;
    mapping(uint256 space => mapping(uint256 list => ITrustAnchor.Head)) private heads;
    mapping(uint256 space => mapping(uint256 subject => ITrustAnchor.Accreditation[])) private accreditations;

    uint256 public constant ROOTS = 6;
    uint256 public constant LISTS = 2;
    uint256 public constant SUBJECTS = 2;

    /// How often each thing was done, and how often it was refused as it should be.
    mapping(bytes32 what => uint256) public done;
    mapping(bytes32 what => uint256) public refused;

    constructor() {
        trust = deploy();
        for (uint256 i = 0; i < 2; ++i) {
            uint256 key = people[2 * i];
            recovery = trust.recoveryCommitment(vm.addr(guardians[i]), RECOVERY_SALT);
            Space storage s = spaces[i];
            s.id = trust.open(vm.addr(key), recovery, SALT);
            (s.authorityKey, s.recoveryKey, s.lastBlock) = (key, guardians[i], block.number);
            append(i, key);
        }
    }

    function target() external view returns (ITrustAnchor) {
        return trust;
    }

    function idOf(uint256 which) external view returns (NamespaceId) {
        return spaces[which].id;
    }

    function scope() external pure returns (ScopeId) {
        return SCOPE;
    }

    // --- what people do ---------------------------------------------------------------------------------------------

    function pass(uint32 seconds_) external {
        later(seconds_ % 3 days);
    }

    function openAgain(uint256 which, uint256 actor) external {
        Space storage s = pick(which);
        uint256 i = which % 2;
        recovery = trust.recoveryCommitment(vm.addr(guardians[i]), RECOVERY_SALT);
        vm.prank(who(actor));
        trust.open(vm.addr(people[2 * i]), recovery, SALT);
        vm.assertEq(
            NamespaceId.unwrap(trust.namespaceId(vm.addr(people[2 * i]), recovery, SALT)), NamespaceId.unwrap(s.id)
        );
    }

    function anchor(uint256 which, uint256 actor, uint256 root, bool relayed) external {
        Space storage s = pick(which);
        root %= ROOTS;
        bytes memory call = abi.encodeCall(ITrustAnchor.anchor, (s.id, rootOf(root)));
        if (relayed) {
            bytes memory signature = signed(keyOf(actor), anchorCall(s.id, rootOf(root), soon()));
            call = abi.encodeCall(ITrustAnchor.anchorFor, (s.id, rootOf(root), soon(), signature));
        }
        if (!attempt("anchor", actor, relayed, call, keyOf(actor) == s.authorityKey)) return;
        ITrustAnchor.Anchor storage a = anchors[which % 2][root];
        if (a.time != 0) return;
        (a.blockNumber, a.time) = (uint48(block.number), uint48(block.timestamp));
        (a.authority, a.era) = (lastIndex(which), uint16(s.era));
        s.lastBlock = block.number;
    }

    function setHead(uint256 which, uint256 actor, uint256 list, uint256 version, bool isSealed, bool relayed)
        external
    {
        Space storage s = pick(which);
        list %= LISTS;
        // Mostly small steps; now and then, as a thief would, the last number there is.
        uint64 number = version % 16 == 0 ? uint64(MAX_UINT64) : uint64(version % 12);
        ITrustAnchor.Head storage h = heads[which % 2][list];
        bool may = keyOf(actor) == s.authorityKey && (h.era == s.era ? !h.isSealed && number > h.version : number > 0);
        bytes memory call = headBy(relayed ? keyOf(actor) : 0, s.id, list, number, isSealed);
        if (!attempt("setHead", actor, relayed, call, may)) return;
        (h.digest, h.version, h.time, h.validUntil) = (DIGEST, number, uint48(block.timestamp), untilOf(isSealed));
        (h.authority, h.era, h.isSealed) = (lastIndex(which), uint16(s.era), isSealed);
        s.lastBlock = block.number;
    }

    function accredit(uint256 which, uint256 actor, uint256 subject, uint256 sequence, bool relayed) external {
        Space storage s = pick(which);
        subject %= SUBJECTS;
        ITrustAnchor.Accreditation[] storage line = accreditations[which % 2][subject];
        uint32 number = uint32(sequence % (line.length + 2));
        uint48 from = uint48(block.timestamp);
        bytes memory call =
            abi.encodeCall(ITrustAnchor.accredit, (s.id, subjectOf(subject), SCOPE, number, from, ENDLESS, DIGEST));
        if (relayed) {
            bytes memory signature =
                signed(keyOf(actor), accreditCallOf(subjectOf(subject), number, from, ENDLESS, soon()));
            call = abi.encodeCall(
                ITrustAnchor.accreditFor,
                (s.id, subjectOf(subject), SCOPE, number, from, ENDLESS, DIGEST, soon(), signature)
            );
        }
        bool may = keyOf(actor) == s.authorityKey && number == line.length;
        if (!attempt("accredit", actor, relayed, call, may)) return;
        line.push(ITrustAnchor.Accreditation(from, ENDLESS, from, 0, lastIndex(which), 0, DIGEST));
        s.lastBlock = block.number;
    }

    function revoke(uint256 which, uint256 actor, uint256 subject, uint256 sequence, bool relayed) external {
        Space storage s = pick(which);
        subject %= SUBJECTS;
        ITrustAnchor.Accreditation[] storage line = accreditations[which % 2][subject];
        uint32 number = uint32(sequence % (line.length + 1));
        bytes memory call = abi.encodeCall(ITrustAnchor.revokeAccreditation, (s.id, subjectOf(subject), SCOPE, number));
        if (relayed) {
            bytes memory signature = signed(keyOf(actor), revokeCallOf(subjectOf(subject), number, type(uint256).max));
            call = abi.encodeCall(
                ITrustAnchor.revokeAccreditationFor,
                (s.id, subjectOf(subject), SCOPE, number, type(uint256).max, signature)
            );
        }
        bool may = keyOf(actor) == s.authorityKey && number < line.length;
        if (!attempt("revoke", actor, relayed, call, may)) return;
        if (line[number].revokedAt != 0) return;
        (line[number].revokedAt, line[number].revokedBy) = (uint48(block.timestamp), lastIndex(which));
        s.lastBlock = block.number;
    }

    function rotate(uint256 which, uint256 actor, uint256 to, bool relayed) external {
        Space storage s = pick(which);
        uint32 index = lastIndex(which) + 1;
        ITrustAnchor.Acceptance memory consent = accepted(keyOf(to));
        bytes memory call = abi.encodeCall(ITrustAnchor.rotate, (s.id, index, who(to), consent));
        if (relayed) {
            bytes memory signature = signed(keyOf(actor), rotateCall(index, who(to), soon()));
            call = abi.encodeCall(ITrustAnchor.rotateFor, (s.id, index, who(to), consent, soon(), signature));
        }
        if (!attempt("rotate", actor, relayed, call, keyOf(actor) == s.authorityKey)) return;
        s.authorityKey = keyOf(to);
        append(which % 2, keyOf(to));
        s.lastBlock = block.number;
    }

    function requestRecovery(uint256 which, uint256 guardian, uint256 to, uint256 next) external {
        Space storage s = pick(which);
        uint256 key = guardians[guardian % 2];
        uint256 nextKey = guardians[next % 2];
        nextRecovery = trust.recoveryCommitment(vm.addr(nextKey), RECOVERY_SALT);
        bytes memory call = abi.encodeCall(
            ITrustAnchor.requestRecovery,
            (s.id, uint48(s.requests + 1), who(to), nextRecovery, RECOVERY_SALT, accepted(keyOf(to)))
        );
        if (!attemptBy("requestRecovery", vm.addr(key), call, key == s.recoveryKey)) return;
        (s.pending, s.successorKey, s.nextRecoveryKey) = (true, keyOf(to), nextKey);
        (s.readyAt, s.requests, s.lastBlock) = (block.timestamp + 7 days, s.requests + 1, block.number);
    }

    function cancelRecovery(uint256 which, uint256 guardian) external {
        Space storage s = pick(which);
        uint256 key = guardians[guardian % 2];
        bytes memory call = abi.encodeCall(ITrustAnchor.cancelRecovery, (s.id, uint48(s.requests), RECOVERY_SALT));
        if (!attemptBy("cancelRecovery", vm.addr(key), call, key == s.recoveryKey && s.pending)) return;
        (s.pending, s.lastBlock) = (false, block.number);
    }

    function completeRecovery(uint256 which, uint256 actor, bool wait) external {
        Space storage s = pick(which);
        if (wait) later(7 days);
        bytes memory call = abi.encodeCall(ITrustAnchor.completeRecovery, (s.id));
        bool may = s.pending && block.timestamp >= s.readyAt;
        if (!attemptBy("completeRecovery", who(actor), call, may)) return;
        (s.pending, s.authorityKey, s.recoveryKey) = (false, s.successorKey, s.nextRecoveryKey);
        (s.era, s.lastBlock) = (s.era + 1, block.number);
        append(which % 2, s.successorKey);
    }

    // --- what is true -----------------------------------------------------------------------------------------------

    function checkNamespaces() external view {
        for (uint256 i = 0; i < 2; ++i) {
            Space storage s = spaces[i];
            ITrustAnchor.Namespace memory n = trust.namespaceOf(s.id);
            vm.assertEq(n.authority, vm.addr(s.authorityKey));
            vm.assertEq(n.era, s.era, "era");
            vm.assertEq(n.lastBlock, s.lastBlock, "last block");
            vm.assertEq(n.recoveryRequests, s.requests, "requests");
            vm.assertEq(n.readyAt, s.pending ? s.readyAt : 0, "ready at");
            vm.assertEq(n.successor, s.pending ? vm.addr(s.successorKey) : address(0));
            bytes32 next = s.pending
                ? RecoveryCommitment.unwrap(trust.recoveryCommitment(vm.addr(s.nextRecoveryKey), RECOVERY_SALT))
                : bytes32(0);
            vm.assertEq(RecoveryCommitment.unwrap(n.nextRecovery), next);
            RecoveryCommitment expected = trust.recoveryCommitment(vm.addr(s.recoveryKey), RECOVERY_SALT);
            vm.assertEq(RecoveryCommitment.unwrap(n.recovery), RecoveryCommitment.unwrap(expected));
        }
    }

    function checkHistory() external view {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 count = history[i].length;
            vm.assertEq(trust.namespaceOf(spaces[i].id).authorities, count, "entries");
            for (uint32 j = 0; j < count; ++j) {
                same(abi.encode(trust.authorityOf(spaces[i].id, j)), abi.encode(history[i][j]), "entry of the history");
            }
            vm.assertEq(trust.authorityOf(spaces[i].id, uint32(count)).authority, address(0));
            vm.assertEq(
                trust.authorityOf(spaces[i].id, uint32(count - 1)).authority, trust.namespaceOf(spaces[i].id).authority
            );
        }
    }

    function checkAnchors() external view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < ROOTS; ++j) {
                same(abi.encode(trust.anchorOf(spaces[i].id, rootOf(j))), abi.encode(anchors[i][j]), "anchor");
            }
        }
    }

    function checkHeads() external view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < LISTS; ++j) {
                same(abi.encode(trust.headOf(spaces[i].id, listOf(j))), abi.encode(heads[i][j]), "head");
            }
        }
    }

    function checkAccreditations() external view {
        for (uint256 i = 0; i < 2; ++i) {
            for (uint256 j = 0; j < SUBJECTS; ++j) {
                uint256 count = accreditations[i][j].length;
                for (uint32 k = 0; k < count; ++k) {
                    bytes memory found = abi.encode(trust.accreditationOf(spaces[i].id, subjectOf(j), SCOPE, k));
                    same(found, abi.encode(accreditations[i][j][k]), "accreditation");
                }
                uint48 after_ = trust.accreditationOf(spaces[i].id, subjectOf(j), SCOPE, uint32(count)).recordedAt;
                vm.assertEq(after_, 0, "an accreditation that nobody wrote");
            }
        }
    }

    // --- the rest ---------------------------------------------------------------------------------------------------

    function attempt(bytes32 what, uint256 actor, bool relayed, bytes memory call, bool may) private returns (bool) {
        return attemptBy(what, relayed ? relayer : who(actor), call, may);
    }

    function attemptBy(bytes32 what, address sender, bytes memory call, bool may) private returns (bool went) {
        vm.prank(sender);
        (went,) = address(trust).call(call);
        vm.assertTrue(went == may, string(abi.encodePacked(what)));
        if (went) ++done[what];
        else ++refused[what];
    }

    function pick(uint256 which) private returns (Space storage s) {
        s = spaces[which % 2];
        space = s.id;
    }

    function append(uint256 which, uint256 key) private {
        history[which].push(ITrustAnchor.Authority(vm.addr(key), uint48(block.number), uint48(block.timestamp)));
    }

    function lastIndex(uint256 which) private view returns (uint32) {
        return uint32(history[which % 2].length - 1);
    }

    function keyOf(uint256 actor) private view returns (uint256) {
        return people[actor % PEOPLE];
    }

    function who(uint256 actor) private view returns (address) {
        return vm.addr(keyOf(actor));
    }

    function rootOf(uint256 i) public pure returns (Root) {
        return Root.wrap(keccak256(abi.encode("root", i)));
    }

    function listOf(uint256 i) public pure returns (ListId) {
        return ListId.wrap(keccak256(abi.encode("list", i)));
    }

    function subjectOf(uint256 i) public pure returns (SubjectId) {
        return SubjectId.wrap(keccak256(abi.encode("subject", i)));
    }

    /// @dev The call that sets a head: signed with the key, or direct when there is none.
    function headBy(uint256 key, NamespaceId id, uint256 list, uint64 number, bool isSealed)
        private
        view
        returns (bytes memory)
    {
        ListId listId = listOf(list);
        uint48 until = untilOf(isSealed);
        if (key == 0) return abi.encodeCall(ITrustAnchor.setHead, (id, listId, DIGEST, number, until, isSealed));
        bytes memory signature = signed(key, headCallOf(listId, DIGEST, number, until, isSealed, soon()));
        return abi.encodeCall(ITrustAnchor.setHeadFor, (id, listId, DIGEST, number, until, isSealed, soon(), signature));
    }

    function untilOf(bool isSealed) private view returns (uint48) {
        return isSealed ? ENDLESS : uint48(block.timestamp + 1 days);
    }

    function same(bytes memory left, bytes memory right, string memory what) private pure {
        vm.assertEq(keccak256(left), keccak256(right), what);
    }
}
