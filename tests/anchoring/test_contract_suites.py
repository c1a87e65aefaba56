"""The suites of the contracts, run from here too, so that a threat without its proof is seen where all others are."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from anvil_support import BINARIES, SETUP
from support import ROOT

CONTRACTS = ROOT / "contracts"
FEW = {"FOUNDRY_FUZZ_RUNS": "16", "FOUNDRY_INVARIANT_RUNS": "4"}
"""`make contracts` runs many; here it matters that the suites exist and pass."""

SUITES = {
    "test/Anchors.t.sol:AnchorsTest": (92, 94, 107, 112),
    "test/Heads.t.sol:HeadsTest": (92, 104, 112),
    "test/Accreditations.t.sol:AccreditationsTest": (92, 94, 112),
    "test/Namespaces.t.sol:NamespacesTest": (94, 107, 108),
    "test/Recovery.t.sol:RecoveryTest": (94, 108),
    "test/Wallets.t.sol:WalletsTest": (113,),
    "test/Invariants.t.sol:InvariantsTest": (92, 94, 107, 108),
    "test/Layout.t.sol:LayoutTest": (),
    "test/EthereumDIDRegistry.t.sol:EthereumDIDRegistryTest": (),
    "test/Create2Factory.t.sol:Create2FactoryTest": (),
}


@pytest.mark.peer
@pytest.mark.threat(92)
@pytest.mark.threat(94)
@pytest.mark.threat(104)
@pytest.mark.threat(107)
@pytest.mark.threat(108)
@pytest.mark.threat(112)
@pytest.mark.threat(113)
def test_the_suites_of_the_contracts_pass():
    forge, node = BINARIES / "forge", shutil.which("node")
    if not forge.exists() or node is None:
        pytest.skip(f"forge absent: run `{SETUP}`")
    ran = subprocess.run(  # noqa: S603 -- the tool that contracts/package-lock.json pins
        [str(forge), "test", "--json", "--no-match-contract", "GasTest"],
        cwd=CONTRACTS,
        env={**os.environ, **FEW, "PATH": f"{Path(node).parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    results = json.loads(ran.stdout.splitlines()[-1])
    assert set(results) == set(SUITES)
    failures = [
        f"{suite} {name}: {result['reason']}"
        for suite, suite_result in results.items()
        for name, result in suite_result["test_results"].items()
        if result["status"] != "Success"
    ]
    assert not failures
    for suite, rows in SUITES.items():
        # Each suite says itself which rows it is about.
        source = (CONTRACTS / suite.partition(":")[0]).read_text("utf-8")
        said = source.partition("Row")[2].partition("\n")[0]
        assert all(str(row) in said for row in rows), suite
