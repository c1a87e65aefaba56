// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// keccak256("glejt/namespace/v1" ‖ first authority ‖ recovery commitment ‖ salt).
type NamespaceId is bytes32;

/// keccak256("glejt/recovery/v1" ‖ recovery key ‖ salt): shows nothing of the key before it is used.
type RecoveryCommitment is bytes32;

/// What a batch of salted leaves comes to; never a hash of anybody's data.
type Root is bytes32;

/// Hash of the URL of a status list.
type ListId is bytes32;

/// Hash of bytes that are kept elsewhere.
type Digest is bytes32;

/// Hash of who is accredited.
type SubjectId is bytes32;

/// Hash of what the accreditation is for.
type ScopeId is bytes32;

/// @title What issuers and bodies put on a chain, provable from storage against nothing but a block header
/// @notice Nobody owns the contract, nothing in it can be paused or replaced. Who may write into a namespace is decided by
/// the namespace alone. Each write comes from its authority, either as the sender or by a signature that anybody relays.
/// @dev Every number a verifier needs lies in storage; events only help to find it. Block numbers and times are uint48.
interface ITrustAnchor {
    struct Namespace {
        /// Who may write now; always the address of the last entry of the history.
        address authority;
        /// Block of the last event of this namespace, where the walk along `previousBlock` begins.
        uint48 lastBlock;
        /// Completed recoveries; what was sealed in an earlier era can be set again.
        uint16 era;
        /// Entries of the history; 0 while the namespace is not open.
        uint32 authorities;
        /// Commits to the key that may recover the namespace.
        RecoveryCommitment recovery;
        /// Authority to be, while a recovery is pending.
        address successor;
        /// From when on the pending recovery can be completed; 0 when none is pending.
        uint48 readyAt;
        /// Recoveries requested so far; the number of the pending one.
        uint48 recoveryRequests;
        /// Commitment that holds once the pending recovery is completed.
        RecoveryCommitment nextRecovery;
    }

    struct Authority {
        /// Who may write from then on.
        address authority;
        /// Block from which on.
        uint48 sinceBlock;
        /// Time of that block.
        uint48 sinceTime;
    }

    struct Anchor {
        /// Block in which the root was written first.
        uint48 blockNumber;
        /// Time of that block; 0 when the root is not anchored.
        uint48 time;
        /// Entry of the history that wrote it.
        uint32 authority;
        /// Era in which it was written.
        uint16 era;
    }

    struct Head {
        /// Digest of the bytes of the list that counts; 0 when there is none.
        Digest digest;
        /// Number of the list, higher each time within an era.
        uint64 version;
        /// When the head was set.
        uint48 time;
        /// Until when the list may be relied on; ENDLESS when sealed.
        uint48 validUntil;
        /// Entry of the history that set it.
        uint32 authority;
        /// Era in which it was set; orders heads before `version` does.
        uint16 era;
        /// No other head follows, unless the namespace is recovered.
        bool isSealed;
    }

    struct Accreditation {
        /// From when on it holds; may lie before `recordedAt`.
        uint48 validFrom;
        /// Until when; ENDLESS when no end was set.
        uint48 validUntil;
        /// When it was written; 0 when there is none.
        uint48 recordedAt;
        /// When it was withdrawn; 0 when it was not.
        uint48 revokedAt;
        /// Entry of the history that wrote it.
        uint32 authority;
        /// Entry of the history that withdrew it.
        uint32 revokedBy;
        /// Digest of the signed accreditation.
        Digest evidence;
    }

    /// The consent of whoever shall become authority: no slip of the keyboard can hand a namespace to nobody.
    struct Acceptance {
        /// Until when the consent can be used; at most MAX_DELAY ahead.
        uint256 deadline;
        /// Of Accept(namespace, successor, deadline), by the successor.
        bytes signature;
    }

    /// A namespace was opened.
    event NamespaceOpened(NamespaceId indexed namespace, address authority, RecoveryCommitment recovery);
    /// A root was written for the first time.
    event Anchored(NamespaceId indexed namespace, Root indexed root, uint32 authority, uint48 previousBlock);
    /// A list has a new head.
    event HeadSet(
        NamespaceId indexed namespace,
        ListId indexed listId,
        Digest digest,
        uint64 version,
        uint48 validUntil,
        bool isSealed,
        uint16 era,
        uint48 previousBlock
    );
    /// A subject was accredited.
    event Accredited(
        NamespaceId indexed namespace,
        SubjectId indexed subject,
        ScopeId indexed scope,
        uint32 sequence,
        uint48 validFrom,
        uint48 validUntil,
        Digest evidence,
        uint48 previousBlock
    );
    /// An accreditation was withdrawn.
    event AccreditationRevoked(
        NamespaceId indexed namespace,
        SubjectId indexed subject,
        ScopeId indexed scope,
        uint32 sequence,
        uint48 previousBlock
    );
    /// The authority named its successor.
    event AuthorityRotated(NamespaceId indexed namespace, uint32 index, address authority, uint48 previousBlock);
    /// The recovery key asked for a new authority.
    event RecoveryRequested(
        NamespaceId indexed namespace,
        uint48 sequence,
        address successor,
        uint48 readyAt,
        RecoveryCommitment nextRecovery,
        uint48 previousBlock
    );
    /// The recovery key took its request back.
    event RecoveryCancelled(NamespaceId indexed namespace, uint48 sequence, uint48 previousBlock);
    /// A pending recovery was completed; an era begins.
    event AuthorityRecovered(
        NamespaceId indexed namespace, uint32 index, uint16 era, address authority, uint48 previousBlock
    );

    /// Nobody can sign for the zero address.
    error ZeroAuthority();
    /// No key opens the zero commitment.
    error ZeroRecovery();
    /// Zero marks what is absent, so nothing can be anchored, set or evidenced as zero.
    error ZeroHash();
    /// No namespace with this id has been opened here.
    error NamespaceUnknown(NamespaceId namespace);
    /// The sender is not the authority of the namespace.
    error NotAuthority(NamespaceId namespace, address sender);
    /// The address and the salt do not open the recovery commitment of the namespace.
    error NotRecoveryKey(NamespaceId namespace, address key);
    /// The signature is not by the one whose word is needed.
    error SignatureInvalid(address signer);
    /// The call came after its deadline.
    error DeadlinePassed(uint256 deadline);
    /// The deadline lies more than MAX_DELAY ahead.
    error DeadlineTooFar(uint256 deadline);
    /// The number in the call is not the one whose turn it is.
    error SequenceMismatch(uint256 given, uint256 expected);
    /// The accreditation with this number has been written already.
    error SequenceTaken(uint32 sequence);
    /// The accreditation before this one has not been written.
    error SequenceSkipped(uint32 sequence);
    /// The head in place has this number or a higher one.
    error VersionNotHigher(uint64 given, uint64 current);
    /// The head in place was declared the last one.
    error HeadSealed(NamespaceId namespace, ListId listId);
    /// A sealed head ends at ENDLESS and no other does.
    error SealMismatch(uint48 validUntil);
    /// The period is empty, over, or ends behind ENDLESS.
    error PeriodInvalid(uint256 from, uint256 until);
    /// No accreditation has been written there.
    error AccreditationUnknown(NamespaceId namespace, SubjectId subject, ScopeId scope, uint32 sequence);
    /// No recovery is pending.
    error NoRecoveryPending(NamespaceId namespace);
    /// The delay of the pending recovery has not passed.
    error RecoveryNotReady(uint48 readyAt);

    /// @notice Opens the namespace that these three determine; opening it again changes nothing.
    /// @dev Anybody may: nothing is written but what the id commits to.
    function open(address authority, RecoveryCommitment recovery, bytes32 salt) external returns (NamespaceId namespace);

    /// @notice Writes down that the root existed by this block; a repeat changes nothing and emits nothing.
    function anchor(NamespaceId namespace, Root root) external;

    /// @notice `anchor` by a signature of Anchor(namespace, root, deadline).
    function anchorFor(NamespaceId namespace, Root root, uint256 deadline, bytes calldata signature) external;

    /// @notice Says which bytes of a status list count until the next head.
    /// @param version higher than that of the head in place, if that was set in this era
    /// @param validUntil in the future and before ENDLESS; ENDLESS when sealed
    /// @param isSealed that no other head will follow
    function setHead(
        NamespaceId namespace,
        ListId listId,
        Digest digest,
        uint64 version,
        uint48 validUntil,
        bool isSealed
    ) external;

    /// @notice `setHead` by a signature of SetHead(namespace, listId, digest, version, validUntil, isSealed, deadline).
    function setHeadFor(
        NamespaceId namespace,
        ListId listId,
        Digest digest,
        uint64 version,
        uint48 validUntil,
        bool isSealed,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Accredits a subject for a scope and a period; what was written before stays.
    /// @param sequence how many accreditations this subject has for this scope already
    /// @param validUntil ENDLESS when no end is set
    /// @param evidence digest of the signed accreditation
    function accredit(
        NamespaceId namespace,
        SubjectId subject,
        ScopeId scope,
        uint32 sequence,
        uint48 validFrom,
        uint48 validUntil,
        Digest evidence
    ) external;

    /// @notice `accredit` by a signature of Accredit(namespace, subject, scope, sequence, validFrom, validUntil, evidence,
    /// deadline).
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
    ) external;

    /// @notice Withdraws an accreditation as of now; the first withdrawal counts, a repeat changes and emits nothing.
    function revokeAccreditation(NamespaceId namespace, SubjectId subject, ScopeId scope, uint32 sequence) external;

    /// @notice `revokeAccreditation` by a signature of RevokeAccreditation(namespace, subject, scope, sequence, deadline),
    /// whose deadline may lie as far ahead as the signer likes.
    function revokeAccreditationFor(
        NamespaceId namespace,
        SubjectId subject,
        ScopeId scope,
        uint32 sequence,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Makes the successor the authority from now on.
    /// @param index number of the new entry of the history
    function rotate(NamespaceId namespace, uint32 index, address successor, Acceptance calldata acceptance) external;

    /// @notice `rotate` by a signature of Rotate(namespace, index, successor, deadline).
    function rotateFor(
        NamespaceId namespace,
        uint32 index,
        address successor,
        Acceptance calldata acceptance,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Asks, with the recovery key, for a new authority after RECOVERY_DELAY; replaces a pending request.
    /// @param sequence one more than the requests so far
    /// @param nextRecovery commitment to the recovery key of the next era; may be the present one
    /// @param recoverySalt opens, with the sender, the commitment of this era
    function requestRecovery(
        NamespaceId namespace,
        uint48 sequence,
        address successor,
        RecoveryCommitment nextRecovery,
        bytes32 recoverySalt,
        Acceptance calldata acceptance
    ) external;

    /// @notice `requestRecovery` by a signature of RequestRecovery(namespace, sequence, successor, nextRecovery, deadline).
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
    ) external;

    /// @notice Takes the pending request back, with the recovery key; the authority cannot.
    /// @param sequence number of the pending request
    function cancelRecovery(NamespaceId namespace, uint48 sequence, bytes32 recoverySalt) external;

    /// @notice `cancelRecovery` by a signature of CancelRecovery(namespace, sequence, deadline).
    function cancelRecoveryFor(
        NamespaceId namespace,
        uint48 sequence,
        bytes32 recoverySalt,
        address recoveryKey,
        uint256 deadline,
        bytes calldata signature
    ) external;

    /// @notice Completes a recovery whose delay has passed; anybody may.
    function completeRecovery(NamespaceId namespace) external;

    /// @notice The end without end, 9999-12-31T23:59:59Z.
    // forge-lint: disable-next-line(mixed-case-function)
    function ENDLESS() external view returns (uint48);

    /// @notice How far ahead the deadline of a relayed call may lie, a revocation's excepted.
    // forge-lint: disable-next-line(mixed-case-function)
    function MAX_DELAY() external view returns (uint256);

    /// @notice How long everybody sees a recovery coming.
    // forge-lint: disable-next-line(mixed-case-function)
    function RECOVERY_DELAY() external view returns (uint48);

    /// @notice Id of the namespace that these three determine.
    function namespaceId(address authority, RecoveryCommitment recovery, bytes32 salt)
        external
        pure
        returns (NamespaceId);

    /// @notice Commitment to a recovery key.
    function recoveryCommitment(address recoveryKey, bytes32 salt) external pure returns (RecoveryCommitment);

    /// @notice State of a namespace.
    function namespaceOf(NamespaceId namespace) external view returns (Namespace memory);

    /// @notice Entry of the history of authorities.
    function authorityOf(NamespaceId namespace, uint32 index) external view returns (Authority memory);

    /// @notice When a root was anchored, and by which authority.
    function anchorOf(NamespaceId namespace, Root root) external view returns (Anchor memory);

    /// @notice Head of a status list.
    function headOf(NamespaceId namespace, ListId listId) external view returns (Head memory);

    /// @notice One accreditation.
    function accreditationOf(NamespaceId namespace, SubjectId subject, ScopeId scope, uint32 sequence)
        external
        view
        returns (Accreditation memory);

    /// @notice What signatures are made over (ERC-5267).
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
        );
}
