// Every suite the peers have, by its registered name.
import {DataIntegrityProof} from '@digitalbazaar/data-integrity';
import * as bbs2023 from '@digitalbazaar/bbs-2023-cryptosuite';
import * as ecdsaJcs2019 from '@digitalbazaar/ecdsa-jcs-2019-cryptosuite';
import {cryptosuite as ecdsaRdfc2019} from '@digitalbazaar/ecdsa-rdfc-2019-cryptosuite';
import * as ecdsaSd2023 from '@digitalbazaar/ecdsa-sd-2023-cryptosuite';
import * as eddsaJcs2022 from '@digitalbazaar/eddsa-jcs-2022-cryptosuite';
import {cryptosuite as eddsaRdfc2022} from '@digitalbazaar/eddsa-rdfc-2022-cryptosuite';
import {Ed25519Signature2018} from '@digitalbazaar/ed25519-signature-2018';
import {Ed25519Signature2020} from '@digitalbazaar/ed25519-signature-2020';
import {legacyPairOf, pairOf} from './keys.mjs';

const LEGACY = {Ed25519Signature2018, Ed25519Signature2020};

const CRYPTOSUITES = {
  'bbs-2023': {
    forSigning: bbs2023.createSignCryptosuite, forVerifying: bbs2023.createVerifyCryptosuite,
    forDisclosing: bbs2023.createDiscloseCryptosuite
  },
  'ecdsa-sd-2023': {
    forSigning: ecdsaSd2023.createSignCryptosuite, forVerifying: ecdsaSd2023.createVerifyCryptosuite,
    forDisclosing: ecdsaSd2023.createDiscloseCryptosuite
  },
  'ecdsa-jcs-2019': {
    forSigning: ecdsaJcs2019.createSignCryptosuite, forVerifying: ecdsaJcs2019.createVerifyCryptosuite
  },
  'ecdsa-rdfc-2019': {forSigning: () => ecdsaRdfc2019, forVerifying: () => ecdsaRdfc2019},
  'eddsa-jcs-2022': {
    forSigning: eddsaJcs2022.createSignCryptosuite, forVerifying: eddsaJcs2022.createVerifyCryptosuite
  },
  'eddsa-rdfc-2022': {forSigning: () => eddsaRdfc2022, forVerifying: () => eddsaRdfc2022}
};

export const canonize = eddsaRdfc2022.canonize;

export async function signingSuite({suite, key, date, proof, mandatoryPointers}) {
  if(suite in LEGACY) {
    return new LEGACY[suite]({key: await legacyPairOf(key, suite), date, proof});
  }
  const pair = await pairOf(key);
  const made = new DataIntegrityProof({
    signer: pair.signer(), date, cryptosuite: CRYPTOSUITES[suite].forSigning(mandatoryPointers && {mandatoryPointers})
  });
  if(proof) {
    made.proof = proof;
  }
  return made;
}

// What a holder derives with: the statements that these pointers name, and for BBS the header as base64.
export function disclosingSuite({suite, selectivePointers, presentationHeader}) {
  const bound = presentationHeader && {presentationHeader: new Uint8Array(Buffer.from(presentationHeader, 'base64'))};
  return new DataIntegrityProof({
    cryptosuite: CRYPTOSUITES[suite].forDisclosing({selectivePointers, ...bound})
  });
}

// One fresh instance of each: they remember the last document's hash, and one remembered would measure nothing.
export function verifyingSuites(names = [...Object.keys(CRYPTOSUITES), ...Object.keys(LEGACY)]) {
  return names.map(name => name in LEGACY ? new LEGACY[name]() :
    new DataIntegrityProof({cryptosuite: CRYPTOSUITES[name].forVerifying()}));
}
