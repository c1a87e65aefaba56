// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { vm } from "./support/Vm.sol";

contract Unwilling {
    error No(uint256 reason);

    constructor() {
        revert No(7);
    }
}

/// @dev The same code at the same address everywhere.
contract Create2FactoryTest {
    bool public constant IS_TEST = true;
    address private factory;

    function setUp() public {
        factory = vm.deployCode("Create2Factory.sol:Create2Factory");
    }

    function testFuzz_theAddressFollowsFromSaltAndCode(bytes32 salt, bytes memory code, address sender) public {
        vm.assume(code.length != 0 && code[0] != 0xef && code.length < 24_576);
        bytes memory init = returning(code);
        vm.prank(sender);
        (bool done, bytes memory answer) = factory.call(abi.encodePacked(salt, init));
        vm.assertTrue(done);
        address expected =
            address(uint160(uint256(keccak256(abi.encodePacked(bytes1(0xff), factory, salt, keccak256(init))))));
        vm.assertEq(answer, abi.encode(expected));
        vm.assertEq(expected.code, code);
    }

    function test_whatIsThereStaysThere() public {
        bytes memory call = abi.encodePacked(bytes32(0), returning(hex"00"));
        (bool done,) = factory.call(call);
        vm.assertTrue(done);
        (bool again, bytes memory answer) = factory.call{ gas: 1_000_000 }(call);
        vm.assertFalse(again);
        vm.assertEq(answer.length, 0);
    }

    function test_theReasonOfAFailureIsHandedOn() public {
        (bool done, bytes memory reason) = factory.call(abi.encodePacked(bytes32(0), type(Unwilling).creationCode));
        vm.assertFalse(done);
        vm.assertEq(reason, abi.encodeWithSelector(Unwilling.No.selector, 7));
    }

    function test_saltWithoutCodeIsRefused() public {
        (bool done,) = factory.call(abi.encodePacked(bytes32(0)));
        vm.assertFalse(done);
        (done,) = factory.call("");
        vm.assertFalse(done);
        vm.deal(address(this), 1);
        (done,) = factory.call{ value: 1 }(abi.encodePacked(bytes32(0), returning(hex"00")));
        vm.assertFalse(done);
    }

    /// @dev Init code that leaves these bytes.
    function returning(bytes memory code) private pure returns (bytes memory) {
        // PUSH2 size DUP1 PUSH1 10 PUSH0 CODECOPY PUSH0 RETURN
        return abi.encodePacked(hex"61", uint16(code.length), hex"80600a5f395ff3", code);
    }
}
