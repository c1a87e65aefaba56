// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ITrustAnchor, NamespaceId, Root } from "../../src/ITrustAnchor.sol";
import { vm } from "./Vm.sol";

bytes4 constant MAGIC = 0x1626ba7e;

/// @dev Says yes to what its owner signed.
contract Wallet {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view virtual returns (bytes4) {
        bytes32 r = bytes32(signature[0:32]);
        bytes32 s = bytes32(signature[32:64]);
        return ecrecover(digest, uint8(signature[64]), r, s) == OWNER ? MAGIC : bytes4(0xffffffff);
    }
}

/// @dev Answers with the bytes it was given, or reverts with them.
contract Parrot {
    bytes private answer;
    bool private reverts;

    constructor(bytes memory answer_, bool reverts_) {
        answer = answer_;
        reverts = reverts_;
    }

    fallback(bytes calldata) external returns (bytes memory) {
        bytes memory words = answer;
        if (reverts) {
            assembly ("memory-safe") { revert(add(words, 32), mload(words)) }
        }
        return words;
    }
}

/// @dev Burns all gas it gets.
contract Burner {
    fallback() external {
        assembly ("memory-safe") { invalid() }
    }
}

/// @dev Returns as many bytes as its gas buys, beginning with the magic value.
contract Bomb {
    fallback() external {
        bytes32 magic = bytes32(MAGIC);
        assembly ("memory-safe") {
            mstore(0, magic)
            return(0, 200000)
        }
    }
}

/// @dev Needs so many rounds of hashing before it says yes.
contract Thinker {
    uint256 private immutable ROUNDS;

    constructor(uint256 rounds) {
        ROUNDS = rounds;
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view returns (bytes4) {
        for (uint256 i = 0; i < ROUNDS; ++i) {
            digest = keccak256(abi.encode(digest));
        }
        return MAGIC;
    }
}

/// @dev Says yes while its owner likes.
contract Fickle {
    bool public yes = true;

    function change() external {
        yes = !yes;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return yes ? MAGIC : bytes4(0);
    }
}

/// @dev Tries to write through the question it is asked.
contract Reentrant {
    ITrustAnchor private trust;
    NamespaceId private space;
    Root private root;

    function aim(ITrustAnchor trust_, NamespaceId space_, Root root_) external {
        (trust, space, root) = (trust_, space_, root_);
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        trust.anchor(space, root);
        return MAGIC;
    }
}
