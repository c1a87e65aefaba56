// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The ERC-1056 registry, for chains of one's own
/// @notice Same interface, events, messages of refusal and storage slots as the registry deployed on public chains, so
/// that every did:ethr resolver reads it; written anew from the interface.
/// @dev Each event names the block of the identity's previous event; `changed` holds the block of the last one.
/// Spec: https://eips.ethereum.org/EIPS/eip-1056
contract EthereumDIDRegistry {
    /// Owner of an identity; 0 while it owns itself.
    mapping(address identity => address) public owners;
    /// Until when a delegate of a kind is valid; the kind is hashed once more.
    mapping(address identity => mapping(bytes32 kind => mapping(address delegate => uint256))) public delegates;
    /// Block of the last event of an identity.
    mapping(address identity => uint256) public changed;
    /// Signed calls of a signer so far.
    mapping(address signer => uint256) public nonce;

    /// An identity has another owner.
    event DIDOwnerChanged(address indexed identity, address owner, uint256 previousChange);
    /// A delegate is valid until then.
    event DIDDelegateChanged(
        address indexed identity, bytes32 delegateType, address delegate, uint256 validTo, uint256 previousChange
    );
    /// An attribute is valid until then; revoked when 0.
    event DIDAttributeChanged(
        address indexed identity, bytes32 name, bytes value, uint256 validTo, uint256 previousChange
    );

    /// @notice Who may change an identity.
    function identityOwner(address identity) public view returns (address) {
        address owner = owners[identity];
        return owner == address(0) ? identity : owner;
    }

    /// @notice Whether a delegate of this kind is valid now.
    function validDelegate(address identity, bytes32 delegateType, address delegate) external view returns (bool) {
        return delegates[identity][_kind(delegateType)][delegate] > block.timestamp;
    }

    /// @notice Hands the identity over.
    function changeOwner(address identity, address newOwner) external {
        _requireOwner(identity);
        _changeOwner(identity, newOwner);
    }

    /// @notice `changeOwner` by a signature of the owner.
    function changeOwnerSigned(address identity, uint8 sigV, bytes32 sigR, bytes32 sigS, address newOwner) external {
        _requireSigned(identity, sigV, sigR, sigS, abi.encodePacked("changeOwner", newOwner));
        _changeOwner(identity, newOwner);
    }

    /// @notice Adds a delegate for so many seconds.
    function addDelegate(address identity, bytes32 delegateType, address delegate, uint256 validity) external {
        _requireOwner(identity);
        _setDelegate(identity, delegateType, delegate, block.timestamp + validity);
    }

    /// @notice `addDelegate` by a signature of the owner.
    function addDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate,
        uint256 validity
    ) external {
        _requireSigned(identity, sigV, sigR, sigS, abi.encodePacked("addDelegate", delegateType, delegate, validity));
        _setDelegate(identity, delegateType, delegate, block.timestamp + validity);
    }

    /// @notice Ends a delegate now.
    function revokeDelegate(address identity, bytes32 delegateType, address delegate) external {
        _requireOwner(identity);
        _setDelegate(identity, delegateType, delegate, block.timestamp);
    }

    /// @notice `revokeDelegate` by a signature of the owner.
    function revokeDelegateSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 delegateType,
        address delegate
    ) external {
        _requireSigned(identity, sigV, sigR, sigS, abi.encodePacked("revokeDelegate", delegateType, delegate));
        _setDelegate(identity, delegateType, delegate, block.timestamp);
    }

    /// @notice States an attribute for so many seconds.
    function setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validity) external {
        _requireOwner(identity);
        _setAttribute(identity, name, value, block.timestamp + validity);
    }

    /// @notice `setAttribute` by a signature of the owner.
    function setAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value,
        uint256 validity
    ) external {
        _requireSigned(identity, sigV, sigR, sigS, abi.encodePacked("setAttribute", name, value, validity));
        _setAttribute(identity, name, value, block.timestamp + validity);
    }

    /// @notice Withdraws an attribute.
    function revokeAttribute(address identity, bytes32 name, bytes calldata value) external {
        _requireOwner(identity);
        _setAttribute(identity, name, value, 0);
    }

    /// @notice `revokeAttribute` by a signature of the owner.
    function revokeAttributeSigned(
        address identity,
        uint8 sigV,
        bytes32 sigR,
        bytes32 sigS,
        bytes32 name,
        bytes calldata value
    ) external {
        _requireSigned(identity, sigV, sigR, sigS, abi.encodePacked("revokeAttribute", name, value));
        _setAttribute(identity, name, value, 0);
    }

    function _changeOwner(address identity, address newOwner) private {
        owners[identity] = newOwner;
        emit DIDOwnerChanged(identity, newOwner, _link(identity));
    }

    function _setDelegate(address identity, bytes32 delegateType, address delegate, uint256 validTo) private {
        delegates[identity][_kind(delegateType)][delegate] = validTo;
        emit DIDDelegateChanged(identity, delegateType, delegate, validTo, _link(identity));
    }

    function _setAttribute(address identity, bytes32 name, bytes calldata value, uint256 validTo) private {
        emit DIDAttributeChanged(identity, name, value, validTo, _link(identity));
    }

    function _requireOwner(address identity) private view {
        require(msg.sender == identityOwner(identity), "bad_actor");
    }

    /// What is signed: 0x19 0x00 ‖ registry ‖ nonce of the owner ‖ identity ‖ name of the function ‖ its arguments. A
    /// failed recovery yields the zero address, which nobody holds: it signs for no identity.
    function _requireSigned(address identity, uint8 v, bytes32 r, bytes32 s, bytes memory call) private {
        address owner = identityOwner(identity);
        uint256 count = nonce[owner];
        bytes32 digest = keccak256(abi.encodePacked(bytes2(0x1900), address(this), count, identity, call));
        address signer = ecrecover(digest, v, r, s);
        require(signer == owner && signer != address(0), "bad_signature");
        nonce[owner] = count + 1;
    }

    function _kind(bytes32 delegateType) private pure returns (bytes32) {
        return keccak256(abi.encode(delegateType));
    }

    function _link(address identity) private returns (uint256 previousChange) {
        previousChange = changed[identity];
        changed[identity] = block.number;
    }
}
