// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Whether an address stands behind a digest
/// @dev ECDSA is tried first, whether or not the address has code, so code that an EIP-7702 account delegated to can
/// neither lock it out nor is asked. Then its code is asked once, within bounds. Contracts that do not exist yet
/// (ERC-6492) cannot sign.
library Signatures {
    /// Enough for a wallet of many owners or a passkey; what burns more is its own loss.
    uint256 internal constant WALLET_GAS = 300_000;
    /// Longer than any signature in use, so that a caller cannot make the copy expensive for nothing.
    uint256 internal constant MAX_BYTES = 8_192;
    /// Half of the order of secp256k1: of two equivalent signatures the one with the lower s counts.
    uint256 internal constant HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0;
    /// bytes4(keccak256("isValidSignature(bytes32,bytes)")), ERC-1271; also the answer.
    bytes4 internal constant MAGIC = 0x1626ba7e;

    function isBy(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        if (signer == address(0) || signature.length > MAX_BYTES) return false;
        if (signature.length == 65) {
            bytes32 r = bytes32(signature[0:32]);
            bytes32 s = bytes32(signature[32:64]);
            uint8 v = uint8(signature[64]);
            if (uint256(s) <= HALF_ORDER && ecrecover(digest, v, r, s) == signer) return true;
        }
        return signer.code.length != 0 && _walletSays(signer, digest, signature);
    }

    /// The answer counts only as exactly 32 bytes that hold nothing but the magic value; no more than those are copied.
    function _walletSays(address wallet, bytes32 digest, bytes calldata signature) private view returns (bool yes) {
        bytes memory question = abi.encodeWithSelector(MAGIC, digest, signature);
        bytes4 magic = MAGIC;
        assembly ("memory-safe") {
            let answered := staticcall(WALLET_GAS, wallet, add(question, 32), mload(question), 0, 32)
            yes := and(and(answered, eq(returndatasize(), 32)), eq(mload(0), magic))
        }
    }
}
