// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ListId, NamespaceId, Root, ScopeId, SubjectId } from "../src/ITrustAnchor.sol";
import { Story } from "./support/Story.sol";
import { vm } from "./support/Vm.sol";

/// @dev What holds after anything that anybody did, in any order. Rows 92, 94, 107, 108.
contract InvariantsTest {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    bool public constant IS_TEST = true;
    Story private story;

    function setUp() public {
        story = new Story();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(story);
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory acts = new bytes4[](10);
        acts[0] = Story.pass.selector;
        acts[1] = Story.openAgain.selector;
        acts[2] = Story.anchor.selector;
        acts[3] = Story.setHead.selector;
        acts[4] = Story.accredit.selector;
        acts[5] = Story.revoke.selector;
        acts[6] = Story.rotate.selector;
        acts[7] = Story.requestRecovery.selector;
        acts[8] = Story.cancelRecovery.selector;
        acts[9] = Story.completeRecovery.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(story), acts);
    }

    function invariant_everythingIsAsTheModelSays() external view {
        story.checkNamespaces();
        story.checkHistory();
        story.checkAnchors();
        story.checkHeads();
        story.checkAccreditations();
    }

    // --- the negations: each check sees the damage that it is there for -------------------------------------------------

    function test_theChecksPassOnWhatPeopleDid() public {
        people();
        this.invariant_everythingIsAsTheModelSays();
        vm.assertEq(story.done("anchor"), 1);
        vm.assertEq(story.refused("anchor"), 1);
        vm.assertEq(story.done("completeRecovery"), 1);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_aDamagedNamespaceIsSeen(uint8 part, uint8 bit) public {
        people();
        uint256 slot = uint256(below(NamespaceId.unwrap(story.idOf(0)), 0)) + part % 4;
        flip(bytes32(slot), bit);
        seen(part % 4 == 0 && bit >= 224 ? Story.checkHistory.selector : Story.checkNamespaces.selector);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_aDamagedHistoryIsSeen(uint8 index, uint8 bit) public {
        people();
        flip(below(bytes32(uint256(index % 3)), uint256(below(NamespaceId.unwrap(story.idOf(0)), 1))), bit);
        seen(Story.checkHistory.selector);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_aDamagedAnchorIsSeen(uint8 bit) public {
        people();
        bytes32 root = Root.unwrap(story.rootOf(0));
        flip(below(root, uint256(below(NamespaceId.unwrap(story.idOf(0)), 2))), bit % 144);
        seen(Story.checkAnchors.selector);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_aDamagedHeadIsSeen(uint8 bit, bool first) public {
        people();
        uint256 base =
            uint256(below(ListId.unwrap(story.listOf(0)), uint256(below(NamespaceId.unwrap(story.idOf(0)), 3))));
        // The seal is one bit: what the byte around it holds is no bool.
        flip(bytes32(first ? base : base + 1), first ? bit : bit % 209);
        seen(Story.checkHeads.selector);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_aDamagedAccreditationIsSeen(uint8 bit, bool first) public {
        people();
        bytes32 ofSubject =
            below(SubjectId.unwrap(story.subjectOf(0)), uint256(below(NamespaceId.unwrap(story.idOf(0)), 4)));
        bytes32 line = below(ScopeId.unwrap(story.scope()), uint256(ofSubject));
        uint256 base = uint256(below(bytes32(0), uint256(line)));
        flip(bytes32(first ? base : base + 1), bit);
        seen(Story.checkAccreditations.selector);
    }

    function people() private {
        story.anchor(0, 0, 0, false);
        story.anchor(0, 2, 1, true);
        story.setHead(0, 0, 0, 1, false, true);
        story.accredit(0, 0, 0, 0, true);
        story.revoke(0, 0, 0, 0, true);
        story.pass(1 days);
        story.rotate(0, 0, 1, true);
        story.requestRecovery(0, 0, 3, 0);
        story.completeRecovery(0, 2, true);
    }

    function seen(bytes4 check) private view {
        (bool passes,) = address(story).staticcall(abi.encodeWithSelector(check));
        vm.assertFalse(passes, "the damage was not seen");
    }

    function flip(bytes32 slot, uint256 bit) private {
        address target = address(story.target());
        vm.store(target, slot, vm.load(target, slot) ^ bytes32(uint256(1) << bit));
    }

    function below(bytes32 key, uint256 slot) private pure returns (bytes32) {
        return keccak256(bytes.concat(key, bytes32(slot)));
    }
}
