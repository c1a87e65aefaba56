// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Vm, vm } from "./support/Vm.sol";

/// @dev What both registries answer to.
interface Registry {
    function owners(address) external view returns (address);
    function delegates(address, bytes32, address) external view returns (uint256);
    function changed(address) external view returns (uint256);
    function nonce(address) external view returns (uint256);
    function identityOwner(address) external view returns (address);
    function validDelegate(address, bytes32, address) external view returns (bool);
    function changeOwner(address, address) external;
    function changeOwnerSigned(address, uint8, bytes32, bytes32, address) external;
    function addDelegate(address, bytes32, address, uint256) external;
    function addDelegateSigned(address, uint8, bytes32, bytes32, bytes32, address, uint256) external;
    function revokeDelegate(address, bytes32, address) external;
    function revokeDelegateSigned(address, uint8, bytes32, bytes32, bytes32, address) external;
    function setAttribute(address, bytes32, bytes calldata, uint256) external;
    function setAttributeSigned(address, uint8, bytes32, bytes32, bytes32, bytes calldata, uint256) external;
    function revokeAttribute(address, bytes32, bytes calldata) external;
    function revokeAttributeSigned(address, uint8, bytes32, bytes32, bytes32, bytes calldata) external;
}

/// @dev Ours beside the one that is deployed on public chains: whatever one does, the other does.
contract EthereumDIDRegistryTest {
    bool public constant IS_TEST = true;
    string private constant THEIRS =
        "node_modules/ethr-did-registry/artifacts/contracts/EthereumDIDRegistry.sol/EthereumDIDRegistry.json";

    /// @dev Both run at one address in turn, for signatures and events name it.
    address private constant PLACE = address(0x1056);
    uint256[3] private keys = [uint256(0xA), uint256(0xB), uint256(0xC)];
    bytes private ours;
    bytes private theirs;

    struct Step {
        uint8 what;
        uint8 identity;
        uint8 actor;
        uint8 other;
        bytes32 name;
        bytes value;
        uint40 validity;
        uint16 wait;
        bool viaSignature;
        bool wrongNonce;
    }

    struct Trace {
        bool[] went;
        bytes32[] answers;
        bytes32 logs;
        bytes32 state;
    }

    function setUp() public {
        ours = vm.deployCode("EthereumDIDRegistry.sol:EthereumDIDRegistry").code;
        theirs = vm.deployCode(THEIRS).code;
    }

    /// forge-config: default.fuzz.runs = 128
    function testFuzz_bothDoTheSame(Step[8] calldata eight) public {
        Step[] memory steps = new Step[](8);
        for (uint256 i = 0; i < 8; ++i) {
            steps[i] = eight[i];
        }
        bytes memory first = abi.encode(this.play(ours, steps));
        bytes memory second = abi.encode(this.play(theirs, steps));
        vm.assertEq(first, second);
    }

    function test_theComparisonSeesADifference() public {
        Step[] memory steps = new Step[](1);
        steps[0] = Step(0, 0, 0, 1, 0, "", 0, 0, false, false);
        Step[] memory others = new Step[](1);
        others[0] = Step(0, 0, 0, 2, 0, "", 0, 0, false, false);
        bytes32 one = keccak256(abi.encode(this.play(ours, steps)));
        vm.assertTrue(one == keccak256(abi.encode(this.play(theirs, steps))));
        vm.assertTrue(one != keccak256(abi.encode(this.play(ours, others))));
        Trace memory trace = this.play(ours, steps);
        vm.assertTrue(trace.went[0]);
    }

    /// @dev A broken signature recovers to the zero address; the deployed registry takes that for its owner.
    function test_nobodySignsForTheZeroIdentity() public {
        vm.etch(PLACE, ours);
        vm.expectRevert(bytes("bad_signature"));
        Registry(PLACE).changeOwnerSigned(address(0), 99, 0, 0, address(this));
    }

    /// @dev Plays the steps on this code in a world of its own, and undoes them by reverting to where it began.
    function play(bytes calldata code, Step[] calldata steps) external returns (Trace memory trace) {
        try this.playAndRevert(code, steps) { }
        catch (bytes memory reason) {
            trace = abi.decode(reason, (Trace));
        }
    }

    function playAndRevert(bytes calldata code, Step[] calldata steps) external {
        vm.etch(PLACE, code);
        vm.recordLogs();
        Trace memory trace;
        trace.went = new bool[](steps.length);
        trace.answers = new bytes32[](steps.length);
        for (uint256 i = 0; i < steps.length; ++i) {
            (trace.went[i], trace.answers[i]) = step(steps[i]);
        }
        trace.logs = keccak256(abi.encode(vm.getRecordedLogs()));
        trace.state = state(steps);
        bytes memory packed = abi.encode(trace);
        vm.warp(1_800_000_000);
        vm.roll(1_000_000);
        assembly ("memory-safe") { revert(add(packed, 32), mload(packed)) }
    }

    function step(Step calldata s) private returns (bool went, bytes32 answer) {
        vm.roll(block.number + s.wait % 3);
        vm.warp(block.timestamp + s.wait);
        address identity = who(s.identity);
        bytes memory call = s.viaSignature ? signedCall(s, identity) : directCall(s, identity);
        vm.prank(who(s.actor));
        bytes memory words;
        (went, words) = PLACE.call(call);
        answer = keccak256(words);
    }

    function directCall(Step calldata s, address identity) private view returns (bytes memory) {
        address other = s.other % 4 == 3 ? address(0) : who(s.other);
        if (s.what % 5 == 0) return abi.encodeCall(Registry.changeOwner, (identity, other));
        if (s.what % 5 == 1) return abi.encodeCall(Registry.addDelegate, (identity, s.name, other, s.validity));
        if (s.what % 5 == 2) return abi.encodeCall(Registry.revokeDelegate, (identity, s.name, other));
        if (s.what % 5 == 3) return abi.encodeCall(Registry.setAttribute, (identity, s.name, s.value, s.validity));
        return abi.encodeCall(Registry.revokeAttribute, (identity, s.name, s.value));
    }

    function signedCall(Step calldata s, address identity) private view returns (bytes memory) {
        address other = s.other % 4 == 3 ? address(0) : who(s.other);
        if (s.what % 5 == 0) {
            (uint8 v, bytes32 r, bytes32 t) = sign(s, identity, abi.encodePacked("changeOwner", other));
            return abi.encodeCall(Registry.changeOwnerSigned, (identity, v, r, t, other));
        }
        if (s.what % 5 == 1) {
            bytes memory what = abi.encodePacked("addDelegate", s.name, other, uint256(s.validity));
            (uint8 v, bytes32 r, bytes32 t) = sign(s, identity, what);
            return abi.encodeCall(Registry.addDelegateSigned, (identity, v, r, t, s.name, other, s.validity));
        }
        if (s.what % 5 == 2) {
            (uint8 v, bytes32 r, bytes32 t) = sign(s, identity, abi.encodePacked("revokeDelegate", s.name, other));
            return abi.encodeCall(Registry.revokeDelegateSigned, (identity, v, r, t, s.name, other));
        }
        if (s.what % 5 == 3) {
            bytes memory what = abi.encodePacked("setAttribute", s.name, s.value, uint256(s.validity));
            (uint8 v, bytes32 r, bytes32 t) = sign(s, identity, what);
            return abi.encodeCall(Registry.setAttributeSigned, (identity, v, r, t, s.name, s.value, s.validity));
        }
        (uint8 w, bytes32 a, bytes32 b) = sign(s, identity, abi.encodePacked("revokeAttribute", s.name, s.value));
        return abi.encodeCall(Registry.revokeAttributeSigned, (identity, w, a, b, s.name, s.value));
    }

    function sign(Step calldata s, address identity, bytes memory what) private view returns (uint8, bytes32, bytes32) {
        uint256 count = Registry(PLACE).nonce(Registry(PLACE).identityOwner(identity)) + (s.wrongNonce ? 1 : 0);
        bytes32 digest = keccak256(abi.encodePacked(hex"1900", PLACE, count, identity, what));
        return vm.sign(keys[s.actor % 3], digest);
    }

    function state(Step[] calldata steps) private view returns (bytes32 sum) {
        for (uint256 i = 0; i < 3; ++i) {
            bytes32 key = bytes32(uint256(uint160(who(uint8(i)))));
            for (uint256 slot = 0; slot < 4; ++slot) {
                sum = keccak256(abi.encode(sum, vm.load(PLACE, keccak256(abi.encode(key, slot)))));
            }
            Registry place = Registry(PLACE);
            address identity = who(uint8(i));
            sum = keccak256(
                abi.encode(
                    sum,
                    place.owners(identity),
                    place.changed(identity),
                    place.nonce(identity),
                    place.identityOwner(identity)
                )
            );
            for (uint256 j = 0; j < steps.length; ++j) {
                bytes32 kind = keccak256(abi.encode(steps[j].name));
                address other = who(steps[j].other);
                sum = keccak256(
                    abi.encode(
                        sum, place.delegates(identity, kind, other), place.validDelegate(identity, steps[j].name, other)
                    )
                );
            }
        }
    }

    function who(uint8 index) private view returns (address) {
        return vm.addr(keys[index % 3]);
    }
}
