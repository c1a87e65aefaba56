// Key pairs by the secret or public Multikey text the tests exchange.
import * as Bls12381Multikey from '@digitalbazaar/bls12-381-multikey';
import * as EcdsaMultikey from '@digitalbazaar/ecdsa-multikey';
import * as Ed25519Multikey from '@digitalbazaar/ed25519-multikey';
import {Ed25519VerificationKey2018} from '@digitalbazaar/ed25519-verification-key-2018';
import {Ed25519VerificationKey2020} from '@digitalbazaar/ed25519-verification-key-2020';

const LIBRARIES = {Ed25519: Ed25519Multikey, 'BLS12-381-G2': Bls12381Multikey};
const libraryOf = type => LIBRARIES[type] ?? EcdsaMultikey;

export async function generate({type}) {
  const pair = await (type === 'BLS12-381-G2' ?
    Bls12381Multikey.generateBbsKeyPair({algorithm: Bls12381Multikey.ALGORITHMS.BBS_BLS12381_SHA256}) :
    libraryOf(type).generate({curve: type}));
  return described(await pair.export({publicKey: true, secretKey: true}), type);
}

function described({publicKeyMultibase, secretKeyMultibase}, type) {
  const did = `did:key:${publicKeyMultibase}`;
  return {
    type, did, publicKeyMultibase, secretKeyMultibase,
    verificationMethod: `${did}#${publicKeyMultibase}`
  };
}

export async function pairOf(key) {
  return libraryOf(key.type).from({
    type: 'Multikey', id: key.verificationMethod, controller: key.did,
    publicKeyMultibase: key.publicKeyMultibase, secretKeyMultibase: key.secretKeyMultibase
  });
}

// The two key classes that the signature suites of before Data Integrity ask for.
export async function legacyPairOf(key, suite) {
  const pair = await pairOf(key);
  const {publicKey, secretKey} = await pair.export({publicKey: true, secretKey: true, raw: true});
  const seed = secretKey.slice(0, 32);
  const Pair = suite === 'Ed25519Signature2018' ? Ed25519VerificationKey2018 : Ed25519VerificationKey2020;
  const legacy = await Pair.generate({seed, controller: key.did});
  legacy.id = key.verificationMethod;
  const own = await Ed25519Multikey.from(legacy.export({publicKey: true, includeContext: true}));
  const {publicKey: legacyPublicKey} = await own.export({publicKey: true, raw: true});
  if(Buffer.compare(Buffer.from(publicKey), Buffer.from(legacyPublicKey)) !== 0) {
    throw new Error('the older key class derived another public key');
  }
  return legacy;
}
