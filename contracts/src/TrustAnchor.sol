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
} from "./ITrustAnchor.sol";
import { Signatures } from "./Signatures.sol";

/// @title The TrustAnchor of `glejt`
/// @notice See ITrustAnchor, where each function, field and refusal is explained.
/// @dev No constructor, no immutable: the code is the same bytes everywhere. The order of the five mappings is part of
/// the contract with verifiers, who compute slots from it.
contract TrustAnchor is ITrustAnchor {
    uint48 public constant ENDLESS = 253_402_300_799;
    uint256 public constant MAX_DELAY = 1 hours;
    uint48 public constant RECOVERY_DELAY = 7 days;

    bytes private constant NAMESPACE_TAG = "glejt/namespace/v1";
    bytes private constant RECOVERY_TAG = "glejt/recovery/v1";
    string private constant NAME = "glejt TrustAnchor";
    string private constant VERSION = "1";

    bytes32 private constant DOMAIN_TYPE =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    bytes32 private constant ANCHOR_TYPE = keccak256("Anchor(bytes32 namespace,bytes32 root,uint256 deadline)");
    bytes32 private constant SET_HEAD_TYPE = keccak256(
        "SetHead(bytes32 namespace,bytes32 listId,bytes32 digest,uint64 version,uint48 validUntil,bool isSealed,uint256 deadline)"
    );
    bytes32 private constant ACCREDIT_TYPE = keccak256(
        "Accredit(bytes32 namespace,bytes32 subject,bytes32 scope,uint32 sequence,uint48 validFrom,uint48 validUntil,bytes32 evidence,uint256 deadline)"
    );
    bytes32 private constant REVOKE_TYPE = keccak256(
        "RevokeAccreditation(bytes32 namespace,bytes32 subject,bytes32 scope,uint32 sequence,uint256 deadline)"
    );
    bytes32 private constant ROTATE_TYPE =
        keccak256("Rotate(bytes32 namespace,uint32 index,address successor,uint256 deadline)");
    bytes32 private constant ACCEPT_TYPE = keccak256("Accept(bytes32 namespace,address successor,uint256 deadline)");
    bytes32 private constant REQUEST_TYPE = keccak256(
        "RequestRecovery(bytes32 namespace,uint48 sequence,address successor,bytes32 nextRecovery,uint256 deadline)"
    );
    bytes32 private constant CANCEL_TYPE =
        keccak256("CancelRecovery(bytes32 namespace,uint48 sequence,uint256 deadline)");

    mapping(NamespaceId => Namespace) private _namespaces;
    mapping(NamespaceId => mapping(uint32 index => Authority)) private _authorities;
    mapping(NamespaceId => mapping(Root => Anchor)) private _anchors;
    mapping(NamespaceId => mapping(ListId => Head)) private _heads;
    mapping(NamespaceId => mapping(SubjectId => mapping(ScopeId => mapping(uint32 sequence => Accreditation)))) private
        _accreditations;

    // --- namespaces -------------------------------------------------------------------------------------------------

    /// @inheritdoc ITrustAnchor
    function open(address authority, RecoveryCommitment recovery, bytes32 salt)
        external
        returns (NamespaceId namespace)
    {
        if (authority == address(0)) revert ZeroAuthority();
        _requireRecovery(recovery);
        namespace = namespaceId(authority, recovery, salt);
        Namespace storage space = _namespaces[namespace];
        if (space.authorities != 0) return namespace;
        space.recovery = recovery;
        space.lastBlock = _block();
        _append(space, namespace, authority);
        emit NamespaceOpened(namespace, authority, recovery);
    }

    /// @inheritdoc ITrustAnchor
    function rotate(NamespaceId namespace, uint32 index, address successor, Acceptance calldata acceptance) external {
        _rotate(_bySender(namespace), namespace, index, successor, acceptance);
    }

    /// @inheritdoc ITrustAnchor
    function rotateFor(
        NamespaceId namespace,
        uint32 index,
        address successor,
        Acceptance calldata acceptance,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireSoon(deadline);
        bytes32 call = keccak256(abi.encode(ROTATE_TYPE, namespace, index, successor, deadline));
        _rotate(_bySignature(namespace, call, signature), namespace, index, successor, acceptance);
    }

    function _rotate(
        Namespace storage space,
        NamespaceId namespace,
        uint32 index,
        address successor,
        Acceptance calldata acceptance
    ) private {
        _requireTurn(index, space.authorities);
        _requireAccepted(namespace, successor, acceptance);
        _append(space, namespace, successor);
        emit AuthorityRotated(namespace, index, successor, _link(space));
    }

    /// The one place where an authority comes to be: the history only grows, and its last entry is who may write.
    function _append(Namespace storage space, NamespaceId namespace, address authority) private {
        uint32 index = space.authorities;
        space.authority = authority;
        space.authorities = index + 1;
        _authorities[namespace][index] = Authority(authority, _block(), _now());
    }

    // --- recovery ---------------------------------------------------------------------------------------------------

    /// @inheritdoc ITrustAnchor
    function requestRecovery(
        NamespaceId namespace,
        uint48 sequence,
        address successor,
        RecoveryCommitment nextRecovery,
        bytes32 recoverySalt,
        Acceptance calldata acceptance
    ) external {
        Namespace storage space = _byRecoveryKey(namespace, msg.sender, recoverySalt);
        _requestRecovery(space, namespace, sequence, successor, nextRecovery, acceptance);
    }

    /// @inheritdoc ITrustAnchor
    function requestRecoveryFor(
        NamespaceId namespace,
        uint48 sequence,
        address successor,
        RecoveryCommitment nextRecovery,
        bytes32 recoverySalt,
        Acceptance calldata acceptance,
        address recoveryKey,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireSoon(deadline);
        Namespace storage space = _byRecoveryKey(namespace, recoveryKey, recoverySalt);
        _requireSigned(
            recoveryKey,
            keccak256(abi.encode(REQUEST_TYPE, namespace, sequence, successor, nextRecovery, deadline)),
            signature
        );
        _requestRecovery(space, namespace, sequence, successor, nextRecovery, acceptance);
    }

    function _requestRecovery(
        Namespace storage space,
        NamespaceId namespace,
        uint48 sequence,
        address successor,
        RecoveryCommitment nextRecovery,
        Acceptance calldata acceptance
    ) private {
        _requireTurn(sequence, uint256(space.recoveryRequests) + 1);
        _requireRecovery(nextRecovery);
        _requireAccepted(namespace, successor, acceptance);
        uint48 readyAt = _now() + RECOVERY_DELAY;
        space.successor = successor;
        space.readyAt = readyAt;
        space.recoveryRequests = sequence;
        space.nextRecovery = nextRecovery;
        emit RecoveryRequested(namespace, sequence, successor, readyAt, nextRecovery, _link(space));
    }

    /// @inheritdoc ITrustAnchor
    function cancelRecovery(NamespaceId namespace, uint48 sequence, bytes32 recoverySalt) external {
        _cancelRecovery(_byRecoveryKey(namespace, msg.sender, recoverySalt), namespace, sequence);
    }

    /// @inheritdoc ITrustAnchor
    function cancelRecoveryFor(
        NamespaceId namespace,
        uint48 sequence,
        bytes32 recoverySalt,
        address recoveryKey,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireSoon(deadline);
        Namespace storage space = _byRecoveryKey(namespace, recoveryKey, recoverySalt);
        _requireSigned(recoveryKey, keccak256(abi.encode(CANCEL_TYPE, namespace, sequence, deadline)), signature);
        _cancelRecovery(space, namespace, sequence);
    }

    function _cancelRecovery(Namespace storage space, NamespaceId namespace, uint48 sequence) private {
        if (space.readyAt == 0) revert NoRecoveryPending(namespace);
        _requireTurn(sequence, space.recoveryRequests);
        _forget(space);
        emit RecoveryCancelled(namespace, sequence, _link(space));
    }

    /// @inheritdoc ITrustAnchor
    function completeRecovery(NamespaceId namespace) external {
        Namespace storage space = _namespaces[namespace];
        uint48 readyAt = space.readyAt;
        if (readyAt == 0) revert NoRecoveryPending(namespace);
        if (block.timestamp < readyAt) revert RecoveryNotReady(readyAt);
        address successor = space.successor;
        uint32 index = space.authorities;
        uint16 era = space.era + 1;
        space.recovery = space.nextRecovery;
        space.era = era;
        _forget(space);
        _append(space, namespace, successor);
        emit AuthorityRecovered(namespace, index, era, successor, _link(space));
    }

    function _forget(Namespace storage space) private {
        space.successor = address(0);
        space.readyAt = 0;
        space.nextRecovery = RecoveryCommitment.wrap(0);
    }

    // --- anchors ----------------------------------------------------------------------------------------------------

    /// @inheritdoc ITrustAnchor
    function anchor(NamespaceId namespace, Root root) external {
        _anchor(_bySender(namespace), namespace, root);
    }

    /// @inheritdoc ITrustAnchor
    function anchorFor(NamespaceId namespace, Root root, uint256 deadline, bytes calldata signature) external {
        _requireSoon(deadline);
        bytes32 call = keccak256(abi.encode(ANCHOR_TYPE, namespace, root, deadline));
        _anchor(_bySignature(namespace, call, signature), namespace, root);
    }

    function _anchor(Namespace storage space, NamespaceId namespace, Root root) private {
        _requireHash(Root.unwrap(root));
        if (_anchors[namespace][root].time != 0) return;
        uint32 authority = _lastIndex(space);
        _anchors[namespace][root] = Anchor(_block(), _now(), authority, space.era);
        emit Anchored(namespace, root, authority, _link(space));
    }

    // --- status heads -----------------------------------------------------------------------------------------------

    /// @inheritdoc ITrustAnchor
    function setHead(
        NamespaceId namespace,
        ListId listId,
        Digest digest,
        uint64 version,
        uint48 validUntil,
        bool isSealed
    ) external {
        _setHead(_bySender(namespace), namespace, listId, _head(digest, version, validUntil, isSealed));
    }

    /// @inheritdoc ITrustAnchor
    function setHeadFor(
        NamespaceId namespace,
        ListId listId,
        Digest digest,
        uint64 version,
        uint48 validUntil,
        bool isSealed,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireSoon(deadline);
        bytes32 call =
            keccak256(abi.encode(SET_HEAD_TYPE, namespace, listId, digest, version, validUntil, isSealed, deadline));
        Namespace storage space = _bySignature(namespace, call, signature);
        _setHead(space, namespace, listId, _head(digest, version, validUntil, isSealed));
    }

    function _setHead(Namespace storage space, NamespaceId namespace, ListId listId, Head memory next) private {
        _requireHash(Digest.unwrap(next.digest));
        if (next.isSealed != (next.validUntil == ENDLESS)) revert SealMismatch(next.validUntil);
        _requirePeriod(block.timestamp, next.validUntil);
        Head storage head = _heads[namespace][listId];
        next.era = space.era;
        // Nothing that an earlier era sealed or numbered binds this one: a thief could have done both.
        bool ofThisEra = head.era == next.era;
        if (ofThisEra && head.isSealed) revert HeadSealed(namespace, listId);
        uint64 current = ofThisEra ? head.version : 0;
        if (next.version <= current) revert VersionNotHigher(next.version, current);
        next.time = _now();
        next.authority = _lastIndex(space);
        _heads[namespace][listId] = next;
        emit HeadSet(
            namespace, listId, next.digest, next.version, next.validUntil, next.isSealed, next.era, _link(space)
        );
    }

    function _head(Digest digest, uint64 version, uint48 validUntil, bool isSealed)
        private
        pure
        returns (Head memory head)
    {
        head.digest = digest;
        head.version = version;
        head.validUntil = validUntil;
        head.isSealed = isSealed;
    }

    // --- accreditations ---------------------------------------------------------------------------------------------

    /// @inheritdoc ITrustAnchor
    function accredit(
        NamespaceId namespace,
        SubjectId subject,
        ScopeId scope,
        uint32 sequence,
        uint48 validFrom,
        uint48 validUntil,
        Digest evidence
    ) external {
        Namespace storage space = _bySender(namespace);
        _accredit(space, namespace, subject, scope, sequence, _entry(validFrom, validUntil, evidence));
    }

    /// @inheritdoc ITrustAnchor
    function accreditFor(
        NamespaceId namespace,
        SubjectId subject,
        ScopeId scope,
        uint32 sequence,
        uint48 validFrom,
        uint48 validUntil,
        Digest evidence,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireSoon(deadline);
        bytes32 call = keccak256(
            abi.encode(ACCREDIT_TYPE, namespace, subject, scope, sequence, validFrom, validUntil, evidence, deadline)
        );
        Namespace storage space = _bySignature(namespace, call, signature);
        _accredit(space, namespace, subject, scope, sequence, _entry(validFrom, validUntil, evidence));
    }

    function _entry(uint48 validFrom, uint48 validUntil, Digest evidence)
        private
        pure
        returns (Accreditation memory entry)
    {
        entry.validFrom = validFrom;
        entry.validUntil = validUntil;
        entry.evidence = evidence;
    }

    function _accredit(
        Namespace storage space,
        NamespaceId namespace,
        SubjectId subject,
        ScopeId scope,
        uint32 sequence,
        Accreditation memory entry
    ) private {
        _requireHash(Digest.unwrap(entry.evidence));
        _requirePeriod(entry.validFrom, entry.validUntil);
        mapping(uint32 => Accreditation) storage line = _accreditations[namespace][subject][scope];
        // The line has no gaps and nothing in it is overwritten, so the first absent slot proves which one is the last.
        if (line[sequence].recordedAt != 0) revert SequenceTaken(sequence);
        if (sequence != 0 && line[sequence - 1].recordedAt == 0) revert SequenceSkipped(sequence);
        entry.recordedAt = _now();
        entry.authority = _lastIndex(space);
        line[sequence] = entry;
        emit Accredited(
            namespace, subject, scope, sequence, entry.validFrom, entry.validUntil, entry.evidence, _link(space)
        );
    }

    /// @inheritdoc ITrustAnchor
    function revokeAccreditation(NamespaceId namespace, SubjectId subject, ScopeId scope, uint32 sequence) external {
        _revoke(_bySender(namespace), namespace, subject, scope, sequence);
    }

    /// @inheritdoc ITrustAnchor
    function revokeAccreditationFor(
        NamespaceId namespace,
        SubjectId subject,
        ScopeId scope,
        uint32 sequence,
        uint256 deadline,
        bytes calldata signature
    ) external {
        _requireInTime(deadline);
        bytes32 call = keccak256(abi.encode(REVOKE_TYPE, namespace, subject, scope, sequence, deadline));
        _revoke(_bySignature(namespace, call, signature), namespace, subject, scope, sequence);
    }

    function _revoke(Namespace storage space, NamespaceId namespace, SubjectId subject, ScopeId scope, uint32 sequence)
        private
    {
        Accreditation storage accreditation = _accreditations[namespace][subject][scope][sequence];
        if (accreditation.recordedAt == 0) revert AccreditationUnknown(namespace, subject, scope, sequence);
        if (accreditation.revokedAt != 0) return;
        accreditation.revokedAt = _now();
        accreditation.revokedBy = _lastIndex(space);
        emit AccreditationRevoked(namespace, subject, scope, sequence, _link(space));
    }

    // --- who speaks -------------------------------------------------------------------------------------------------

    function _opened(NamespaceId namespace) private view returns (Namespace storage space) {
        space = _namespaces[namespace];
        if (space.authorities == 0) revert NamespaceUnknown(namespace);
    }

    function _bySender(NamespaceId namespace) private view returns (Namespace storage space) {
        space = _opened(namespace);
        if (msg.sender != space.authority) revert NotAuthority(namespace, msg.sender);
    }

    function _bySignature(NamespaceId namespace, bytes32 call, bytes calldata signature)
        private
        view
        returns (Namespace storage space)
    {
        space = _opened(namespace);
        _requireSigned(space.authority, call, signature);
    }

    function _byRecoveryKey(NamespaceId namespace, address key, bytes32 salt)
        private
        view
        returns (Namespace storage space)
    {
        space = _opened(namespace);
        bytes32 commitment = RecoveryCommitment.unwrap(recoveryCommitment(key, salt));
        if (commitment != RecoveryCommitment.unwrap(space.recovery)) revert NotRecoveryKey(namespace, key);
    }

    function _requireSigned(address signer, bytes32 call, bytes calldata signature) private view {
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", _domainSeparator(), call));
        if (!Signatures.isBy(signer, digest, signature)) revert SignatureInvalid(signer);
    }

    function _requireAccepted(NamespaceId namespace, address successor, Acceptance calldata acceptance) private view {
        _requireSoon(acceptance.deadline);
        bytes32 call = keccak256(abi.encode(ACCEPT_TYPE, namespace, successor, acceptance.deadline));
        _requireSigned(successor, call, acceptance.signature);
    }

    /// Computed each time: a chain that splits changes its id, and stored bytes would be other bytes on each chain.
    function _domainSeparator() private view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, keccak256(bytes(NAME)), keccak256(bytes(VERSION)), block.chainid, address(this))
        );
    }

    // --- what must hold ---------------------------------------------------------------------------------------------

    function _requireInTime(uint256 deadline) private view {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline);
    }

    function _requireSoon(uint256 deadline) private view {
        _requireInTime(deadline);
        if (deadline - block.timestamp > MAX_DELAY) revert DeadlineTooFar(deadline);
    }

    function _requireTurn(uint256 given, uint256 expected) private pure {
        if (given != expected) revert SequenceMismatch(given, expected);
    }

    function _requirePeriod(uint256 from, uint256 until) private pure {
        if (from >= until || until > ENDLESS) revert PeriodInvalid(from, until);
    }

    function _requireHash(bytes32 hash) private pure {
        if (hash == 0) revert ZeroHash();
    }

    function _requireRecovery(RecoveryCommitment recovery) private pure {
        if (RecoveryCommitment.unwrap(recovery) == 0) revert ZeroRecovery();
    }

    // --- the chain of events, and the clock -------------------------------------------------------------------------

    /// Block of the event before, and notes this one as the last.
    function _link(Namespace storage space) private returns (uint48 previousBlock) {
        previousBlock = space.lastBlock;
        space.lastBlock = _block();
    }

    function _lastIndex(Namespace storage space) private view returns (uint32) {
        return space.authorities - 1;
    }

    /// 48 bits number the blocks of a chain with a block each microsecond for nine years, and seconds for nine million.
    function _block() private view returns (uint48) {
        return uint48(block.number);
    }

    function _now() private view returns (uint48) {
        return uint48(block.timestamp);
    }

    // --- views ------------------------------------------------------------------------------------------------------

    /// @inheritdoc ITrustAnchor
    function namespaceId(address authority, RecoveryCommitment recovery, bytes32 salt)
        public
        pure
        returns (NamespaceId)
    {
        return NamespaceId.wrap(keccak256(abi.encodePacked(NAMESPACE_TAG, authority, recovery, salt)));
    }

    /// @inheritdoc ITrustAnchor
    function recoveryCommitment(address recoveryKey, bytes32 salt) public pure returns (RecoveryCommitment) {
        return RecoveryCommitment.wrap(keccak256(abi.encodePacked(RECOVERY_TAG, recoveryKey, salt)));
    }

    /// @inheritdoc ITrustAnchor
    function namespaceOf(NamespaceId namespace) external view returns (Namespace memory) {
        return _namespaces[namespace];
    }

    /// @inheritdoc ITrustAnchor
    function authorityOf(NamespaceId namespace, uint32 index) external view returns (Authority memory) {
        return _authorities[namespace][index];
    }

    /// @inheritdoc ITrustAnchor
    function anchorOf(NamespaceId namespace, Root root) external view returns (Anchor memory) {
        return _anchors[namespace][root];
    }

    /// @inheritdoc ITrustAnchor
    function headOf(NamespaceId namespace, ListId listId) external view returns (Head memory) {
        return _heads[namespace][listId];
    }

    /// @inheritdoc ITrustAnchor
    function accreditationOf(NamespaceId namespace, SubjectId subject, ScopeId scope, uint32 sequence)
        external
        view
        returns (Accreditation memory)
    {
        return _accreditations[namespace][subject][scope][sequence];
    }

    /// @inheritdoc ITrustAnchor
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (hex"0f", NAME, VERSION, block.chainid, address(this), 0, new uint256[](0));
    }
}
