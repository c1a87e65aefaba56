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
import { Vm, vm } from "./Vm.sol";

/// @dev A contract as it is deployed, an issuer with its keys, and signatures written down apart from the contract.
abstract contract World {
    bool public constant IS_TEST = true;

    uint256 internal constant ISSUER_KEY = 0xA11CE;
    uint256 internal constant SUCCESSOR_KEY = 0xB0B;
    uint256 internal constant RECOVERY_KEY = 0x5AFE;
    uint256 internal constant NEXT_RECOVERY_KEY = 0x5AFE2;
    uint256 internal constant THIEF_KEY = 0xBAD;
    bytes32 internal constant SALT = keccak256("salt of the namespace");
    bytes32 internal constant RECOVERY_SALT = keccak256("salt of the recovery");
    bytes32 internal constant NEXT_RECOVERY_SALT = keccak256("salt of the next recovery");
    uint48 internal constant ENDLESS = 253_402_300_799;
    uint256 internal constant CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    Root internal constant ROOT = Root.wrap(keccak256("a root"));
    ListId internal constant LIST = ListId.wrap(keccak256("a list"));
    Digest internal constant DIGEST = Digest.wrap(keccak256("bytes of a list"));
    SubjectId internal constant SUBJECT = SubjectId.wrap(keccak256("a subject"));
    ScopeId internal constant SCOPE = ScopeId.wrap(keccak256("a scope"));

    address internal issuer = vm.addr(ISSUER_KEY);
    address internal successor = vm.addr(SUCCESSOR_KEY);
    address internal recoveryKey = vm.addr(RECOVERY_KEY);
    address internal nextRecoveryKey = vm.addr(NEXT_RECOVERY_KEY);
    address internal thief = vm.addr(THIEF_KEY);
    address internal relayer = address(0x6A5);

    ITrustAnchor internal trust;
    NamespaceId internal space;
    RecoveryCommitment internal recovery;
    RecoveryCommitment internal nextRecovery;

    function setUp() public virtual {
        trust = deploy();
        recovery = trust.recoveryCommitment(recoveryKey, RECOVERY_SALT);
        nextRecovery = trust.recoveryCommitment(nextRecoveryKey, NEXT_RECOVERY_SALT);
        space = trust.open(issuer, recovery, SALT);
    }

    function deploy() internal returns (ITrustAnchor) {
        return ITrustAnchor(vm.deployCode("TrustAnchor.sol:TrustAnchor"));
    }

    function soon() internal view returns (uint256) {
        return block.timestamp + 10 minutes;
    }

    /// @dev A number between the two, both included.
    function within(uint256 any, uint256 low, uint256 high) internal pure returns (uint256) {
        uint256 span = high - low;
        return span == type(uint256).max ? any : low + any % (span + 1);
    }

    /// @dev Some blocks later.
    function later(uint256 seconds_) internal {
        vm.roll(block.number + seconds_ / 12 + 1);
        vm.warp(block.timestamp + seconds_);
    }

    // --- signatures -------------------------------------------------------------------------------------------------

    function digestOf(bytes32 structHash) internal view returns (bytes32) {
        return digestOf(structHash, block.chainid, address(trust));
    }

    function digestOf(bytes32 structHash, uint256 chainId, address verifier) internal pure returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("glejt TrustAnchor"),
                keccak256("1"),
                chainId,
                verifier
            )
        );
        return keccak256(abi.encodePacked(bytes2(0x1901), domain, structHash));
    }

    function signed(uint256 key, bytes32 structHash) internal view returns (bytes memory) {
        return packed(key, digestOf(structHash));
    }

    function packed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function anchorCall(NamespaceId namespace, Root root, uint256 deadline) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(keccak256("Anchor(bytes32 namespace,bytes32 root,uint256 deadline)"), namespace, root, deadline)
        );
    }

    function headCall(Digest digest, uint64 version, uint48 validUntil, bool isSealed, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return headCallOf(LIST, digest, version, validUntil, isSealed, deadline);
    }

    function headCallOf(
        ListId listId,
        Digest digest,
        uint64 version,
        uint48 validUntil,
        bool isSealed,
        uint256 deadline
    ) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "SetHead(bytes32 namespace,bytes32 listId,bytes32 digest,uint64 version,uint48 validUntil,bool isSealed,uint256 deadline)"
                ),
                space,
                listId,
                digest,
                version,
                validUntil,
                isSealed,
                deadline
            )
        );
    }

    function accreditCall(uint32 sequence, uint48 from, uint48 until, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return accreditCallOf(SUBJECT, sequence, from, until, deadline);
    }

    function accreditCallOf(SubjectId subject, uint32 sequence, uint48 from, uint48 until, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(
                    "Accredit(bytes32 namespace,bytes32 subject,bytes32 scope,uint32 sequence,uint48 validFrom,uint48 validUntil,bytes32 evidence,uint256 deadline)"
                ),
                space,
                subject,
                SCOPE,
                sequence,
                from,
                until,
                DIGEST,
                deadline
            )
        );
    }

    function revokeCall(uint32 sequence, uint256 deadline) internal view returns (bytes32) {
        return revokeCallOf(SUBJECT, sequence, deadline);
    }

    function revokeCallOf(SubjectId subject, uint32 sequence, uint256 deadline) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "RevokeAccreditation(bytes32 namespace,bytes32 subject,bytes32 scope,uint32 sequence,uint256 deadline)"
                ),
                space,
                subject,
                SCOPE,
                sequence,
                deadline
            )
        );
    }

    function rotateCall(uint32 index, address to, uint256 deadline) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("Rotate(bytes32 namespace,uint32 index,address successor,uint256 deadline)"),
                space,
                index,
                to,
                deadline
            )
        );
    }

    function requestCall(uint48 sequence, address to, RecoveryCommitment next, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                keccak256(
                    "RequestRecovery(bytes32 namespace,uint48 sequence,address successor,bytes32 nextRecovery,uint256 deadline)"
                ),
                space,
                sequence,
                to,
                next,
                deadline
            )
        );
    }

    function cancelCall(uint48 sequence, uint256 deadline) internal view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("CancelRecovery(bytes32 namespace,uint48 sequence,uint256 deadline)"),
                space,
                sequence,
                deadline
            )
        );
    }

    function accepted(uint256 key) internal view returns (ITrustAnchor.Acceptance memory) {
        return acceptedBy(key, vm.addr(key), soon());
    }

    function acceptedBy(uint256 key, address to, uint256 deadline)
        internal
        view
        returns (ITrustAnchor.Acceptance memory)
    {
        bytes32 call = keccak256(
            abi.encode(keccak256("Accept(bytes32 namespace,address successor,uint256 deadline)"), space, to, deadline)
        );
        return ITrustAnchor.Acceptance(deadline, signed(key, call));
    }

    // --- short forms ------------------------------------------------------------------------------------------------

    function rotateTo(uint256 from, uint256 to) internal {
        uint32 index = trust.namespaceOf(space).authorities;
        ITrustAnchor.Acceptance memory consent = accepted(to);
        vm.prank(vm.addr(from));
        trust.rotate(space, index, vm.addr(to), consent);
    }

    function requestRecoveryTo(uint256 to) internal returns (uint48 sequence) {
        sequence = trust.namespaceOf(space).recoveryRequests + 1;
        ITrustAnchor.Acceptance memory consent = accepted(to);
        vm.prank(recoveryKey);
        trust.requestRecovery(space, sequence, vm.addr(to), nextRecovery, RECOVERY_SALT, consent);
    }

    function recoverTo(uint256 to) internal {
        requestRecoveryTo(to);
        later(7 days);
        trust.completeRecovery(space);
    }

    function refuses(bytes memory reason) internal {
        vm.expectRevert(reason);
    }

    /// @dev Events since vm.recordLogs().
    function logsOf() internal returns (uint256) {
        return vm.getRecordedLogs().length;
    }
}
