// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Puts the same code at the same address on every chain
/// @notice Call it with 32 bytes of salt and the init code; it answers with the address, or reverts with what the init
/// code reverted with (nothing, when the code is there already).
/// @dev It has no functions, so that its own code stays small: it is deployed by one transaction that nobody signed
/// (docs/adr/0015), whose gas price is fixed for ever.
contract Create2Factory {
    fallback() external {
        assembly ("memory-safe") {
            let size := sub(calldatasize(), 32)
            if lt(calldatasize(), 33) { revert(0, 0) }
            let code := mload(0x40)
            calldatacopy(code, 32, size)
            let made := create2(0, code, size, calldataload(0))
            if iszero(made) {
                returndatacopy(code, 0, returndatasize())
                revert(code, returndatasize())
            }
            mstore(0, made)
            return(0, 32)
        }
    }
}
