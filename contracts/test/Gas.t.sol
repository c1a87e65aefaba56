// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { Digest, Root } from "../src/ITrustAnchor.sol";
import { vm } from "./support/Vm.sol";

import { World } from "./support/World.sol";

/// @dev What each operation costs as a transaction of its own, base fee of 21,000 and calldata included, under the rules
/// of each fork; written to snapshots/, where a change shows in review.
/// forge-config: default.isolate = true
contract GasTest is World {
    function test_shanghai() public {
        measure("shanghai");
    }

    function test_cancun() public {
        measure("cancun");
    }

    function test_prague() public {
        measure("prague");
    }

    function test_osaka() public {
        measure("osaka");
    }

    function measure(string memory fork) private {
        vm.setEvmVersion(fork);
        uint48 until = uint48(block.timestamp + 30 days);

        later(60);
        trust.open(issuer, recovery, keccak256("another"));
        vm.snapshotGasLastCall(fork, "open");

        later(60);
        vm.prank(issuer);
        trust.anchor(space, ROOT);
        vm.snapshotGasLastCall(fork, "anchor");

        vm.prank(issuer);
        trust.anchor(space, Root.wrap(keccak256("another in this block")));
        vm.snapshotGasLastCall(fork, "anchor, another in the same block");

        vm.prank(issuer);
        trust.anchor(space, ROOT);
        vm.snapshotGasLastCall(fork, "anchor, repeated");

        later(60);
        bytes memory signature = signed(ISSUER_KEY, anchorCall(space, Root.wrap(keccak256("relayed")), soon()));
        vm.prank(relayer);
        trust.anchorFor(space, Root.wrap(keccak256("relayed")), soon(), signature);
        vm.snapshotGasLastCall(fork, "anchorFor");

        later(60);
        vm.prank(issuer);
        trust.setHead(space, LIST, DIGEST, 1, until, false);
        vm.snapshotGasLastCall(fork, "setHead, the first");

        later(60);
        vm.prank(issuer);
        trust.setHead(space, LIST, Digest.wrap(keccak256("bytes 2")), 2, until, false);
        vm.snapshotGasLastCall(fork, "setHead, the next");

        later(60);
        signature = signed(ISSUER_KEY, headCall(DIGEST, 3, until, false, soon()));
        vm.prank(relayer);
        trust.setHeadFor(space, LIST, DIGEST, 3, until, false, soon(), signature);
        vm.snapshotGasLastCall(fork, "setHeadFor, the next");

        later(60);
        vm.prank(issuer);
        trust.accredit(space, SUBJECT, SCOPE, 0, 1, ENDLESS, DIGEST);
        vm.snapshotGasLastCall(fork, "accredit");

        later(60);
        signature = signed(ISSUER_KEY, accreditCall(1, 1, ENDLESS, soon()));
        vm.prank(relayer);
        trust.accreditFor(space, SUBJECT, SCOPE, 1, 1, ENDLESS, DIGEST, soon(), signature);
        vm.snapshotGasLastCall(fork, "accreditFor");

        later(60);
        vm.prank(issuer);
        trust.revokeAccreditation(space, SUBJECT, SCOPE, 0);
        vm.snapshotGasLastCall(fork, "revokeAccreditation");

        later(60);
        signature = signed(ISSUER_KEY, revokeCall(1, soon()));
        vm.prank(relayer);
        trust.revokeAccreditationFor(space, SUBJECT, SCOPE, 1, soon(), signature);
        vm.snapshotGasLastCall(fork, "revokeAccreditationFor");

        later(60);
        rotateTo(ISSUER_KEY, SUCCESSOR_KEY);
        vm.snapshotGasLastCall(fork, "rotate");

        later(60);
        requestRecoveryTo(ISSUER_KEY);
        vm.snapshotGasLastCall(fork, "requestRecovery");

        later(7 days);
        trust.completeRecovery(space);
        vm.snapshotGasLastCall(fork, "completeRecovery");
    }
}
