// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import { ITrustAnchor, NamespaceId, Root } from "../src/ITrustAnchor.sol";
import { Vm, vm } from "./support/Vm.sol";
import { Bomb, Burner, Fickle, MAGIC, Parrot, Reentrant, Thinker, Wallet } from "./support/Wallets.sol";
import { World } from "./support/World.sol";

/// @dev Whose word a signature is: keys, wallets, and code that means harm. Row 113.
contract WalletsTest is World {
    function test_aWalletSpeaksThroughItsCode() public {
        NamespaceId theirs = spaceOf(address(new Wallet(thief)));
        uint256 deadline = soon();
        bytes memory good = signed(THIEF_KEY, anchorCall(theirs, ROOT, deadline));
        trust.anchorFor(theirs, ROOT, deadline, good);
        vm.assertEq(trust.anchorOf(theirs, ROOT).time, block.timestamp);
        bytes memory bad = signed(ISSUER_KEY, anchorCall(theirs, Root.wrap("2"), deadline));
        refused(theirs);
        trust.anchorFor(theirs, Root.wrap("2"), deadline, bad);
    }

    function test_aWalletMayBeItsOwnSender() public {
        address wallet = address(new Wallet(thief));
        NamespaceId theirs = spaceOf(wallet);
        vm.prank(wallet);
        trust.anchor(theirs, ROOT);
        vm.assertEq(trust.anchorOf(theirs, ROOT).time, block.timestamp);
    }

    /// @dev The half of all signatures that anybody can make out of the other half counts for nothing.
    function testFuzz_ofTwinSignaturesOneCounts(bytes32 root) public {
        vm.assume(root != 0);
        uint256 deadline = soon();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ISSUER_KEY, digestOf(anchorCall(space, Root.wrap(root), deadline)));
        bytes memory twin = abi.encodePacked(r, bytes32(CURVE_ORDER - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        refused(space);
        trust.anchorFor(space, Root.wrap(root), deadline, twin);
        trust.anchorFor(space, Root.wrap(root), deadline, abi.encodePacked(r, s, v));
    }

    function testFuzz_rubbishIsNoSignature(bytes calldata rubbish) public {
        refused(space);
        trust.anchorFor(space, ROOT, soon(), rubbish);
    }

    function test_otherSpellingsOfASignatureAreRefused() public {
        uint256 deadline = soon();
        bytes memory good = signed(ISSUER_KEY, anchorCall(space, ROOT, deadline));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ISSUER_KEY, digestOf(anchorCall(space, ROOT, deadline)));
        bytes[6] memory others = [
            abi.encodePacked(r, s),
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(good, uint8(0)),
            abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))),
            abi.encode(r, s, v),
            wrapped(good)
        ];
        for (uint256 i = 0; i < others.length; ++i) {
            refused(space);
            trust.anchorFor(space, ROOT, deadline, others[i]);
        }
    }

    /// @dev ERC-6492 would deploy a wallet in order to ask it; a contract that is not there says nothing.
    function test_aWalletThatIsNotThereYetCannotSign() public {
        NamespaceId theirs = spaceOf(address(0xD00D));
        uint256 deadline = soon();
        refused(theirs);
        trust.anchorFor(theirs, ROOT, deadline, wrapped(signed(THIEF_KEY, anchorCall(theirs, ROOT, deadline))));
        vm.assertEq(address(0xD00D).code.length, 0);
    }

    /// @dev ecrecover answers 0 to nonsense, and 0 is no authority anywhere.
    function test_nobodySignsForTheZeroAddress() public {
        ITrustAnchor.Acceptance memory consent = ITrustAnchor.Acceptance(soon(), new bytes(65));
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, address(0)));
        vm.prank(issuer);
        trust.rotate(space, 1, address(0), consent);
    }

    /// @dev The key of a delegated account speaks first, whatever the code says; the code may speak for it as well.
    function test_anAccountThatDelegatedToCodeKeepsItsKey() public {
        vm.setEvmVersion("prague");
        this.delegated(address(new Burner()), true);
        this.delegated(address(new Parrot(abi.encode(bytes4(0xffffffff)), false)), true);
        this.delegated(address(new Fickle()), false);
    }

    function delegated(address code, bool codeSaysNo) external {
        vm.etch(issuer, abi.encodePacked(hex"ef0100", code));
        uint256 deadline = soon();
        Root root = Root.wrap(bytes32(uint256(uint160(code))));
        if (codeSaysNo) {
            bytes memory bad = signed(THIEF_KEY, anchorCall(space, root, deadline));
            refused(space);
            trust.anchorFor(space, root, deadline, bad);
        }
        trust.anchorFor(space, root, deadline, signed(ISSUER_KEY, anchorCall(space, root, deadline)));
        vm.assertEq(trust.anchorOf(space, root).time, block.timestamp);
    }

    function test_aBurnerBurnsNoMoreThanItsShare() public {
        NamespaceId theirs = spaceOf(address(new Burner()));
        uint256 before = gasleft();
        refused(theirs);
        trust.anchorFor(theirs, ROOT, soon(), "");
        vm.assertLt(before - gasleft(), 330_000, "burnt more than the bound");
    }

    function test_aBombIsNotCopied() public {
        NamespaceId theirs = spaceOf(address(new Bomb()));
        uint256 before = gasleft();
        refused(theirs);
        trust.anchorFor(theirs, ROOT, soon(), "");
        vm.assertLt(before - gasleft(), 330_000, "copied what it should not");
    }

    /// @dev Exactly 32 bytes, exactly the magic value, nothing behind it.
    function test_onlyTheExactAnswerCounts() public {
        bytes[7] memory answers = [
            bytes(""),
            abi.encodePacked(MAGIC),
            abi.encodePacked(MAGIC, bytes28(0), bytes32(0)),
            abi.encode(uint256(uint32(MAGIC))),
            abi.encode(bytes32(MAGIC) | bytes32(uint256(1))),
            abi.encode(true),
            abi.encode(bytes4(0x1626ba7f))
        ];
        for (uint256 i = 0; i < answers.length; ++i) {
            NamespaceId theirs = spaceOf(address(new Parrot(answers[i], false)));
            refused(theirs);
            trust.anchorFor(theirs, ROOT, soon(), "");
        }
        NamespaceId reverting = spaceOf(address(new Parrot(abi.encode(MAGIC), true)));
        refused(reverting);
        trust.anchorFor(reverting, ROOT, soon(), "");
        NamespaceId exact = spaceOf(address(new Parrot(abi.encode(MAGIC), false)));
        trust.anchorFor(exact, ROOT, soon(), "");
        vm.assertEq(trust.anchorOf(exact, ROOT).time, block.timestamp);
    }

    /// @dev Enough for a wallet of many owners or a passkey; not enough for a mill.
    function test_aWalletMayThinkForAWhile() public {
        NamespaceId quick = spaceOf(address(new Thinker(500)));
        trust.anchorFor(quick, ROOT, soon(), "");
        vm.assertEq(trust.anchorOf(quick, ROOT).time, block.timestamp);
        NamespaceId slow = spaceOf(address(new Thinker(3000)));
        refused(slow);
        trust.anchorFor(slow, ROOT, soon(), "");
    }

    function test_aFickleWalletIsAskedWhenItCounts() public {
        Fickle wallet = new Fickle();
        NamespaceId theirs = spaceOf(address(wallet));
        trust.anchorFor(theirs, ROOT, soon(), "");
        wallet.change();
        refused(theirs);
        trust.anchorFor(theirs, Root.wrap("2"), soon(), "");
        vm.assertEq(trust.anchorOf(theirs, ROOT).time, block.timestamp);
    }

    function test_nothingIsWrittenFromWithinTheQuestion() public {
        Reentrant wallet = new Reentrant();
        NamespaceId theirs = spaceOf(address(wallet));
        wallet.aim(trust, theirs, Root.wrap("inner"));
        refused(theirs);
        trust.anchorFor(theirs, Root.wrap("outer"), soon(), "");
        vm.assertEq(trust.anchorOf(theirs, Root.wrap("inner")).time, 0);
    }

    function test_anEndlessSignatureIsNotCopied() public {
        NamespaceId theirs = spaceOf(address(new Parrot(abi.encode(MAGIC), false)));
        trust.anchorFor(theirs, ROOT, soon(), new bytes(8192));
        refused(theirs);
        trust.anchorFor(theirs, Root.wrap("2"), soon(), new bytes(8193));
    }

    function test_theDomainFollowsTheChain() public {
        (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifier,
            bytes32 salt,
            uint256[] memory more
        ) = trust.eip712Domain();
        vm.assertTrue(fields == 0x0f);
        vm.assertEq(name, "glejt TrustAnchor");
        vm.assertEq(version, "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifier, address(trust));
        vm.assertEq(salt, 0);
        vm.assertEq(more.length, 0);

        uint256 deadline = soon();
        bytes memory before = signed(ISSUER_KEY, anchorCall(space, ROOT, deadline));
        vm.chainId(block.chainid + 1);
        refused(space);
        trust.anchorFor(space, ROOT, deadline, before);
        trust.anchorFor(space, ROOT, deadline, signed(ISSUER_KEY, anchorCall(space, ROOT, deadline)));
    }

    function spaceOf(address wallet) private returns (NamespaceId) {
        return trust.open(wallet, recovery, SALT);
    }

    function refused(NamespaceId namespace) private {
        refuses(abi.encodeWithSelector(ITrustAnchor.SignatureInvalid.selector, trust.namespaceOf(namespace).authority));
    }

    function wrapped(bytes memory signature) private pure returns (bytes memory) {
        bytes32 mark = 0x6492649264926492649264926492649264926492649264926492649264926492;
        return abi.encodePacked(abi.encode(address(0xFAC), bytes("deploy"), signature), mark);
    }
}
