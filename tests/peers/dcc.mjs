// The verifier and issuer of the Digital Credentials Consortium, which many learner wallets are built on.
import * as vc from '@digitalcredentials/vc';
import {DataIntegrityProof} from '@digitalcredentials/data-integrity';
import {cryptosuite} from '@digitalcredentials/eddsa-rdfc-2022-cryptosuite';
import {documentLoader} from './loader.mjs';
import {pairOf} from './keys.mjs';

export async function dccIssue({document, key, date}) {
  const pair = await pairOf(key);
  const suite = new DataIntegrityProof({signer: pair.signer(), date, cryptosuite});
  return vc.issue({credential: document, suite, documentLoader});
}

export async function dccVerify({document}) {
  const suite = new DataIntegrityProof({cryptosuite});
  const {verified, error} = await vc.verifyCredential({credential: document, suite, documentLoader});
  const inner = [error?.errors ?? []].flat();
  return {verified, errors: [error, ...inner].filter(Boolean).map(({name, message}) => `${name}: ${message}`)};
}
